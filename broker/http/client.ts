import { BackendError, FinalError, LeaseLostError } from "../errors.ts";
import type { Host } from "../host.ts";
import { streamOf } from "./stream.ts";

/** Bytes that nobody else can change, as `fetch` requires for a body. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** One request to a backend; `json` or `body`, not both. */
export interface BackendRequest {
  readonly method: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly body?: string | Bytes;
}

/** A backend's answer, its body read to the end. */
export interface BackendAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Bytes;
}

/** Statuses that mean "not now". 501 means "never" (RFC 9110, section 15.6.2). */
const isTransient = (status: number): boolean => status === 429 || (status >= 500 && status !== 501);

/** Longest part of an answer that an error shows, in characters. */
const SHOWN_CHARS_MAX = 300;

async function send(host: Host, { method, url, headers, json, body }: BackendRequest): Promise<BackendAnswer> {
  const content = json === undefined ? body : JSON.stringify(json);
  const response = await host.fetch(url, {
    method,
    headers: { ...headers, ...(json !== undefined && { "content-type": "application/json" }) },
    redirect: "manual",
    ...(content !== undefined && { body: content }),
  });
  const bytes = new Uint8Array(await response.arrayBuffer());
  return { status: response.status, headers: response.headers, bytes };
}

/**
 * One exchange with a backend; redirects are not followed.
 *
 * @throws BackendError when the connection fails, and for a temporary status (429, 5xx except 501): worth another try
 */
export async function exchange(host: Host, request: BackendRequest): Promise<BackendAnswer> {
  const what = `${request.method} ${request.url}`;
  const answer = await send(host, request).catch((error: unknown) => {
    // Nothing was sent, and nothing may be sent.
    if (error instanceof LeaseLostError) throw error;
    throw new BackendError(`${what}: ${error instanceof Error ? error.message : String(error)}`);
  });
  if (isTransient(answer.status)) throw new BackendError(describeAnswer(answer, what));
  return answer;
}

/** The answer's body as text. */
export const textOf = ({ bytes }: BackendAnswer): string => Buffer.from(bytes).toString("utf8");

/** The answer's JSON. @throws BackendError when it is not JSON: a truncated answer is worth another try */
function jsonOf(answer: BackendAnswer): unknown {
  try {
    return JSON.parse(textOf(answer));
  } catch {
    throw new BackendError("the answer is not JSON");
  }
}

/** The expected form of a body: a compiled schema. */
export interface BodySchema<T> {
  Check(value: unknown): value is T;
}

/** The answer's JSON, of this schema. @throws BackendError when it does not match: it is not the backend's own answer, and worth another try */
export function bodyOf<T>(answer: BackendAnswer, schema: BodySchema<T>): T {
  const body = jsonOf(answer);
  if (schema.Check(body)) return body;
  throw new BackendError("the answer is not what was asked for");
}

/** The answer, if its status is one of these. @throws FinalError */
export function expectStatus(answer: BackendAnswer, what: string, ...statuses: readonly number[]): BackendAnswer {
  if (statuses.includes(answer.status)) return answer;
  throw new FinalError(describeAnswer(answer, what));
}

/** For an operator: the request to a backend, and the beginning of its answer. */
export function describeAnswer(answer: BackendAnswer, what: string): string {
  const text = textOf(answer).slice(0, SHOWN_CHARS_MAX);
  return `${what} answered ${answer.status}${text === "" ? "" : `: ${text}`}`;
}

const TRIES_MAX = 8;
const BACKOFF_MS = 1000;
const BACKOFF_MS_MAX = 60_000;

/** Retries work, at growing intervals, while a backend is down. @throws the last BackendError, or at once any other error */
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

/** An answer whose body is read as it comes. */
interface StreamedAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** @throws BackendError when it breaks off, or is silent for too long */
  readonly chunks: AsyncIterable<Bytes>;
}

/**
 * One exchange whose answer may be of any size. A slow reader slows the sender down; a reader that stops ends it.
 *
 * @throws BackendError as `exchange`
 */
export async function exchangeStream(host: Host, { method, url, headers }: BackendRequest): Promise<StreamedAnswer> {
  const what = `${method} ${url}`;
  // Replaces the host's own limit, which applies to the whole exchange: a stream may take as long as data flow.
  const { signal } = new AbortController();
  const fail = (error: unknown): never => {
    if (error instanceof LeaseLostError) throw error;
    throw new BackendError(`${what}: ${error instanceof Error ? error.message : String(error)}`);
  };
  const response = await host.fetch(url, { method, headers: { ...headers }, redirect: "manual", signal }).catch(fail);
  if (isTransient(response.status)) {
    const bytes = new Uint8Array(await response.arrayBuffer().catch(fail));
    throw new BackendError(describeAnswer({ status: response.status, headers: response.headers, bytes }, what));
  }
  return { status: response.status, headers: response.headers, chunks: chunksOf(response, fail) };
}

function chunksOf({ body }: Response, fail: (error: unknown) => never): AsyncIterable<Bytes> {
  const reader = body?.getReader();
  const next = async (): Promise<IteratorResult<Bytes>> => {
    const each = await reader?.read().catch(fail);
    return each === undefined || each.done ? { done: true, value: undefined } : { done: false, value: each.value };
  };
  return streamOf(next, async () => reader?.cancel().catch(() => {}));
}

/**
 * One exchange whose request is sent as it is made, whatever its size. What `chunks` throws aborts it, and is thrown.
 *
 * @throws BackendError as `exchange`
 */
export async function exchangeUpload(
  host: Host,
  { method, url, headers }: BackendRequest,
  chunks: AsyncIterable<Bytes>,
): Promise<BackendAnswer> {
  const what = `${method} ${url}`;
  let failure: unknown;
  const watched = keepFailure(chunks, (error) => (failure = error));
  const init = { method, headers: { ...headers }, body: ReadableStream.from(watched), duplex: "half" } as const;
  const { signal } = new AbortController();
  try {
    const response = await host.fetch(url, { ...init, redirect: "manual", signal });
    const bytes = new Uint8Array(await response.arrayBuffer());
    const answer = { status: response.status, headers: response.headers, bytes };
    if (isTransient(answer.status)) throw new BackendError(describeAnswer(answer, what));
    return answer;
  } catch (error) {
    const reason = failure ?? error;
    if (reason instanceof BackendError || reason instanceof FinalError || reason instanceof LeaseLostError)
      throw reason;
    throw new BackendError(`${what}: ${reason instanceof Error ? reason.message : String(reason)}`);
  }
}

/** Tells why a stream failed: `fetch` only says that it did. */
async function* keepFailure(chunks: AsyncIterable<Bytes>, keep: (error: unknown) => void): AsyncGenerator<Bytes> {
  try {
    yield* chunks;
  } catch (error) {
    keep(error);
    throw error;
  }
}
