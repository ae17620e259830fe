import Type, { type Static } from "typebox";
import type { Environment } from "../../simulators/environment.ts";
import { basicHeader } from "../../simulators/kernel/index.ts";
import { isOf } from "./answers.ts";

/** The address of a broker, and its platform's login. */
export interface BrokerAddress {
  /** Without a trailing slash. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
}

const Body = Type.Record(Type.String(), Type.Unknown());

/** A broker's answer of any status; the body is empty where it has none. */
export interface OsbReply {
  readonly kind: "answer";
  readonly status: number;
  readonly body: Readonly<Static<typeof Body>>;
  readonly retryAfterMs: number;
}

/** An answer of the broker, or why there is none: a caller that was cut off can't know what the broker did. */
export type OsbAnswer = OsbReply | { readonly kind: "unknown"; readonly reason: string };

/** A platform's client for one broker (OSB 2.17). */
export interface OsbClient {
  /** Sends one request. @throws SyntaxError if the answer is not a JSON object: that is the broker's fault and is not hidden */
  send(method: string, path: string, body?: unknown): Promise<OsbAnswer>;
}

const Offering = Type.Object({
  id: Type.String(),
  name: Type.String(),
  plans: Type.Array(Type.Object({ id: Type.String(), name: Type.String() })),
});

/** The parts of GET /v2/catalog that a scenario needs. */
export const CatalogBody = Type.Object({ services: Type.Array(Offering) });

const BindingCredentials = Type.Object({
  host: Type.String(),
  port: Type.Integer(),
  /** Of the database, for services that have several. */
  name: Type.Optional(Type.String()),
  username: Type.String(),
  password: Type.String(),
  uri: Type.String(),
});

/** The credentials of a binding (a9s PostgreSQL). */
export type BindingCredentials = Static<typeof BindingCredentials>;

/** The parts of the answer to a bind that a scenario needs. */
export const BindingBody = Type.Object({ credentials: BindingCredentials });

const API_VERSION = "2.17";
const DEFAULT_RETRY_MS = 10_000;
/** How long platforms wait for an answer. */
const ANSWER_MS_MAX = 60_000;

const ANSWERED = "answered";

/** A sleep that can be cancelled. */
type AbortableSleep = (ms: number, signal: AbortSignal) => Promise<void>;

/** Gives up on an answer that comes too late: its outcome is unknown. */
async function limitWait(answer: Promise<OsbAnswer>, sleep: AbortableSleep): Promise<OsbAnswer> {
  const answered = new AbortController();
  const late = sleep(ANSWER_MS_MAX, answered.signal).then(
    (): OsbAnswer => ({ kind: "unknown", reason: `no answer within ${ANSWER_MS_MAX} ms` }),
    () => answer,
  );
  return Promise.race([answer, late]).finally(() => answered.abort(ANSWERED));
}

/** @throws SyntaxError */
function parseBody(text: string): OsbReply["body"] {
  const value: unknown = text === "" ? {} : JSON.parse(text);
  if (isOf(Body, value)) return value;
  throw new SyntaxError("the answer is not a JSON object");
}

function retryAfterMs(headers: Headers): number {
  const seconds = Number(headers.get("retry-after") ?? Number.NaN);
  return Number.isFinite(seconds) ? seconds * 1000 : DEFAULT_RETRY_MS;
}

/** Makes a client. @param sleep lets the client give up on an answer after a minute. Default: it waits forever */
export function osbClient(environment: Environment, broker: BrokerAddress, sleep?: AbortableSleep): OsbClient {
  const headers = {
    authorization: basicHeader(broker.username, broker.password),
    "x-broker-api-version": API_VERSION,
    "content-type": "application/json",
  };
  const send: OsbClient["send"] = async (method, path, body) => {
    try {
      const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
      const response = await environment.fetch(`${broker.url}${path}`, init);
      return {
        kind: "answer",
        body: parseBody(await response.text()),
        status: response.status,
        retryAfterMs: retryAfterMs(response.headers),
      };
    } catch (error) {
      // A broken connection leaves the outcome open.
      if (error instanceof SyntaxError) throw error;
      return { kind: "unknown", reason: String(error instanceof Error ? (error.cause ?? error) : error) };
    }
  };
  return sleep === undefined ? { send } : { send: (...request) => limitWait(send(...request), sleep) };
}

/** Describes, for a report, what a broker answered, or why it did not. */
export const describeAnswer = (answer: OsbAnswer): string =>
  answer.kind === "unknown" ? answer.reason : `${answer.status} ${JSON.stringify(answer.body)}`;
