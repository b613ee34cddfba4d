export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** A GitHub description cut to the operations in use, as openapi-backend takes it. */
export interface Description {
  openapi: string;
  info: { title: string; version: string };
  paths: Record<string, Record<string, DescribedOperation>>;
  components: JsonObject;
}

export interface DescribedOperation {
  operationId: string;
  externalDocs?: { url: string };
  responses: Record<string, JsonObject>;
}
