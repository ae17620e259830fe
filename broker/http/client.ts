import { BackendError, FinalError } from "../errors.ts";
import type { Host } from "../host.ts";

export interface BackendRequest {
  readonly method: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly body?: string | Uint8Array;
}

export interface BackendAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
}

/** Statuses that say "not now". 501 says "never" (RFC 9110 §15.6.2). */
const isForNow = (status: number): boolean => status === 429 || (status >= 500 && status !== 501);

/** Longest part of an answer that an error shows, in characters. */
const SHOWN_CHARS_MAX = 300;

/** One exchange with a backend. A connection that fails and a status that may pass are BackendErrors: worth trying again. */
export async function exchange(host: Host, call: BackendRequest): Promise<BackendAnswer> {
  const headers = { ...call.headers, ...(call.json !== undefined && { "content-type": "application/json" }) };
  const body = call.json === undefined ? call.body : JSON.stringify(call.json);
  const what = `${call.method} ${call.url}`;
  let response: Response;
  let bytes: Uint8Array;
  try {
    response = await host.fetch(call.url, {
      method: call.method,
      headers,
      redirect: "manual",
      ...(body !== undefined && { body: body as NonNullable<RequestInit["body"]> }),
    });
    bytes = new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    throw new BackendError(`${what}: ${error instanceof Error ? error.message : String(error)}`);
  }
  const answer = { status: response.status, headers: response.headers, bytes };
  if (isForNow(answer.status)) throw new BackendError(`${what} answered ${answer.status}${reasonIn(answer)}`);
  return answer;
}

/** What an answer says of itself, for an error. */
function reasonIn(answer: BackendAnswer): string {
  const text = textOf(answer).slice(0, SHOWN_CHARS_MAX);
  return text === "" ? "" : `: ${text}`;
}

export const textOf = ({ bytes }: BackendAnswer): string => Buffer.from(bytes).toString("utf8");

/** The answer's JSON. An answer that was cut is worth another try. */
export function jsonOf(answer: BackendAnswer): unknown {
  try {
    return JSON.parse(textOf(answer));
  } catch {
    throw new BackendError("the answer is no JSON");
  }
}

/** What a body must be: a compiled schema. */
export interface BodySchema<T> {
  Check(value: unknown): value is T;
}

/** The answer's JSON in this shape. One in another is not the backend's own: worth another try. */
export function bodyOf<T>(answer: BackendAnswer, shape: BodySchema<T>): T {
  const body = jsonOf(answer);
  if (shape.Check(body)) return body;
  throw new BackendError("the answer is not what was asked for");
}

/** The answer if its status is one of these. @throws FinalError */
export function expectStatus(answer: BackendAnswer, what: string, ...statuses: readonly number[]): BackendAnswer {
  if (statuses.includes(answer.status)) return answer;
  throw new FinalError(describeAnswer(answer, what));
}

/** For an operator: what a backend was asked for, and what it said. */
export const describeAnswer = (answer: BackendAnswer, what: string): string =>
  `${what} answered ${answer.status}: ${textOf(answer).slice(0, 300)}`;

const TRIES_MAX = 8;
const BACKOFF_MS = 1000;
const BACKOFF_MS_MAX = 60_000;

/** Tries again, further and further apart, while the backend is out of order; gives up with the last error. */
export async function retryWhileDown<T>(host: Host, work: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof BackendError) || tried === TRIES_MAX) throw error;
      await host.sleepMs(Math.min(BACKOFF_MS_MAX, BACKOFF_MS * 2 ** tried));
    }
  }
}
