import type { Environment } from "../stage.ts";

export interface BrokerAddress {
  /** Without a trailing slash. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
}

/** An answer of the broker, or why there is none: a caller that was cut off doesn't know what was done. */
export type OsbAnswer =
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly body: Readonly<Record<string, unknown>>;
      readonly retryAfterMs: number;
    }
  | { readonly kind: "unknown"; readonly reason: string };

/** A platform's client for one broker (OSB 2.17). */
export interface OsbClient {
  send(method: string, path: string, body?: unknown): Promise<OsbAnswer>;
}

const API_VERSION = "2.17";
const DEFAULT_RETRY_MS = 10_000;
/** What platforms wait for an answer. */
const ANSWER_MS_MAX = 60_000;

const ANSWERED = "answered";

/** A sleep that can be called off. */
export type Sleep = (ms: number, signal: AbortSignal) => Promise<void>;

/** Patience: what does not come in time is an outcome that is not known. */
async function inTime(answer: Promise<OsbAnswer>, sleep: Sleep): Promise<OsbAnswer> {
  const given = new AbortController();
  const late = sleep(ANSWER_MS_MAX, given.signal).then(
    (): OsbAnswer => ({ kind: "unknown", reason: `no answer within ${ANSWER_MS_MAX} ms` }),
    () => answer,
  );
  return Promise.race([answer, late]).finally(() => given.abort(ANSWERED));
}

/** @param sleep with it, the client gives up on an answer that takes longer than a minute */
export function osbClient(environment: Environment, broker: BrokerAddress, sleep?: Sleep): OsbClient {
  const headers = {
    authorization: `Basic ${Buffer.from(`${broker.username}:${broker.password}`).toString("base64")}`,
    "x-broker-api-version": API_VERSION,
    "content-type": "application/json",
  };
  const send: OsbClient["send"] = async (method, path, body) => {
    try {
      const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
      const response = await environment.fetch(`${broker.url}${path}`, init);
      const text = await response.text();
      const retryAfter = Number(response.headers.get("retry-after") ?? Number.NaN);
      return {
        kind: "answer",
        status: response.status,
        body: text === "" ? {} : (JSON.parse(text) as Record<string, unknown>),
        retryAfterMs: Number.isFinite(retryAfter) ? retryAfter * 1000 : DEFAULT_RETRY_MS,
      };
    } catch (error) {
      // A connection that broke leaves the outcome open; an answer that is no JSON is the broker's fault and is not hidden.
      if (error instanceof SyntaxError) throw error;
      return { kind: "unknown", reason: String((error as Error).cause ?? error) };
    }
  };
  return sleep === undefined ? { send } : { send: (...call) => inTime(send(...call), sleep) };
}
