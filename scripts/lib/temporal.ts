import {
  isGrpcServiceError,
  QueryNotRegisteredError,
  ServiceError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type Client,
} from '@temporalio/client';
import { connectClient } from '../../workers/temporal-client.js';
import { failureMessage } from '../../workflows/failures.js';
import { CommandError } from './command.js';

/** gRPC's own numbers. */
const grpc = {
  cancelled: 1,
  deadlineExceeded: 4,
  notFound: 5,
  permissionDenied: 7,
  failedPrecondition: 9,
  unavailable: 14,
} as const;
/** Above the 10 s after which the server gives up on a query that no worker takes. */
const answerWithinMs = 12_000;

/** Connects, works, and disconnects. Error: TemporalUnavailable, and what `work` throws. */
export async function withTemporal<T>(work: (client: Client) => Promise<T>): Promise<T> {
  const client = await connectClient();
  try {
    return await work(client);
  } finally {
    await client.connection.close();
  }
}

/** Asks Temporal something about a workflow, within 12 s. Error: CommandError, which says what is away. */
export async function ask<T>(client: Client, workflowId: string, question: () => Promise<T>): Promise<T> {
  try {
    return await client.withDeadline(Date.now() + answerWithinMs, question);
  } catch (error) {
    throw new CommandError(sentence(client, workflowId, error), { cause: error });
  }
}

function sentence(client: Client, workflowId: string, error: unknown): string {
  const namespace = client.options.namespace;
  if (error instanceof WorkflowNotFoundError) {
    return `Temporal's namespace ${namespace} has no running ${workflowId}: is the name right, and has a worker ever started it?`;
  }
  if (error instanceof WorkflowUpdateFailedError)
    return `${workflowId} declined: ${failureMessage(error.cause)}`;
  if (error instanceof QueryNotRegisteredError) {
    return `The worker that answers for ${workflowId} is of another version: ${error.message}`;
  }
  const code = grpcCode(error);
  const nobody = `No worker answers for ${workflowId}: is runner-controller running on any host (systemctl status runner-controller)?`;
  // The server has taken the order in, but keeps it in memory only until a worker takes it.
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) {
    return `${nobody} The order may still be carried out when one runs: look at runner-status then.`;
  }
  // Each is what a query that no worker has taken may end with, by the server's clock or by ours.
  const unanswered: (number | undefined)[] = [grpc.cancelled, grpc.deadlineExceeded, grpc.failedPrecondition];
  if (unanswered.includes(code)) return nobody;
  if (code === grpc.notFound) return `Temporal has no namespace ${namespace}: is TEMPORAL_NAMESPACE right?`;
  if (code === grpc.unavailable)
    return `Temporal stopped answering when it was asked about ${workflowId}: is it running?`;
  if (code === grpc.permissionDenied)
    return `Temporal does not let these credentials see ${workflowId}: are TEMPORAL_API_KEY or the TLS files right?`;
  return `Temporal could not tell about ${workflowId}: ${failureMessage(rootOf(error))}`;
}

function grpcCode(error: unknown): number | undefined {
  const cause = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(cause) ? cause.code : undefined;
}

function rootOf(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? rootOf(error.cause) : error;
}
