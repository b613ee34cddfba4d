import { z } from 'zod';

/**
 * GitHub's answers, cut to what we use. Each is checked: an answer of another shape (from a proxy, or cut short) is
 * no answer, and must never look like an empty list. The schemas follow GitHub's OpenAPI description.
 */

const id = z.number().int().positive();

export const runnerAnswer = z.object({
  id,
  name: z.string(),
  status: z.enum(['online', 'offline']),
  busy: z.boolean(),
});

export const runnersAnswer = z.object({ total_count: z.number(), runners: z.array(runnerAnswer) });

export const jitConfigAnswer = z.object({ runner: runnerAnswer, encoded_jit_config: z.string().min(1) });

export const workflowRunsAnswer = z.object({
  total_count: z.number(),
  workflow_runs: z.array(z.object({ id })),
});

const workflowJobAnswer = z.object({
  id,
  name: z.string(),
  status: z.string(),
  html_url: z.string().nullable(),
  created_at: z.iso.datetime({ offset: true }),
  /** Of a queued job GitHub repeats `created_at` here. */
  started_at: z.iso.datetime({ offset: true }).nullish(),
  labels: z.array(z.string()),
  runner_name: z.string().nullish(),
});

export const workflowJobsAnswer = z.object({ total_count: z.number(), jobs: z.array(workflowJobAnswer) });

export type WorkflowJob = z.infer<typeof workflowJobAnswer>;
