export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** GitHub's OpenAPI description, cut to the operations in use and to what validation reads. */
export interface Description {
  operations: DescribedOperation[];
  /** The schemas that others refer to, by name. */
  schemas: JsonObject;
}

export interface DescribedOperation {
  id: string;
  method: string;
  /** With its parameters in braces, e.g. `/repos/{owner}/{repo}`. */
  path: string;
  documentationUrl: string;
  parameters: { name: string; in: string; required: boolean; schema: Json }[];
  body?: { required: boolean; schema: Json };
  /** By status; null where the answer has no body. */
  answers: Record<string, Json>;
}

/** Where references to schemas lead: `github#/schemas/<name>`. */
export const schemaBase = 'github';
