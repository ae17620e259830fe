import { reply, type WireResponse } from "./http.ts";

/** Ends a request with an error of the API: status, error code and a description for people. */
export class Refusal extends Error {
  readonly response: WireResponse;

  constructor(status: number, error: string, description: string) {
    super(description);
    this.name = "Refusal";
    this.response = reply(status, { error, description });
  }
}

/** 400: the request is malformed, or lacks something that is mandatory. */
export const badRequest = (description: string): Refusal => new Refusal(400, "BadRequest", description);

/** 404: what the request is about does not exist. */
export const notFound = (description: string): Refusal => new Refusal(404, "NotFound", description);

/** 422: another operation is in progress on the same thing (spec.md, "Blocking Operations"). */
export const concurrencyError = (): Refusal =>
  new Refusal(422, "ConcurrencyError", "Another operation is in progress: wait for it.");

/** What `route` answers, also when it refuses. */
export function answerOf(route: () => WireResponse): WireResponse {
  try {
    return route();
  } catch (error) {
    if (error instanceof Refusal) return error.response;
    throw error;
  }
}
