import { schemaBase, type Description } from './description.js';

/** Statuses that GitHub sends and its description leaves out for some operations, each with its reason. */
const undescribedStatuses: Record<string, string> = {
  304: 'answers a conditional request whose ETag still holds',
  400: 'answers a body that is not JSON',
  401: 'answers a token that is missing, wrong or expired',
  403: 'answers an exceeded rate limit, a missing permission, or a runner group that is GitHub’s own',
  404: 'answers what is not there or not visible to the token, a runner that is gone included',
  429: 'answers an exceeded secondary rate limit',
  500: 'GitHub has a fault',
  502: 'a gateway of GitHub has lost the server behind it; the work may have been done',
  503: 'GitHub has an outage',
  504: 'GitHub took too long; the work may have been done',
};

/** Adds them to every operation: 304 without a body, the others with GitHub's basic error. */
export function addUndescribedStatuses(description: Description): Description {
  for (const { answers } of description.operations) {
    for (const status of Object.keys(undescribedStatuses)) {
      if (status in answers) continue;
      answers[status] = status === '304' ? null : { $ref: `${schemaBase}#/schemas/basic-error` };
    }
  }
  return description;
}
