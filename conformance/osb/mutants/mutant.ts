import type { Json, JsonObject } from "../../client/http/json.ts";
import type { Operation } from "../../client/answer.ts";
import type { SpecMinor } from "../../client/spec-version.ts";
import { type Handler, jsonOf, reply, type WireRequest, type WireResponse } from "./wire.ts";

/** What a mutant remembers of the traffic: enough to lie consistently. Keys are paths of instances and bindings. */
export interface Memory {
  /** The Authorization that the broker accepted. */
  authorization: string;
  catalog: JsonObject;
  /** Asked to be made, or being changed or removed, and not ended. */
  readonly pending: Map<
    string,
    { readonly method: string; readonly operation: Json | undefined; readonly text: string }
  >;
  readonly known: Set<string>;
  readonly gone: Set<string>;
  /** The body of the last PUT that was not refused. */
  readonly asked: Map<string, JsonObject>;
  /** Whatever else one mutant needs. */
  readonly facts: Map<string, Json>;
  /** Lets time pass, in milliseconds. */
  readonly passMs: (ms: number) => void;
}

export type Middleware = (request: WireRequest, next: Handler, memory: Memory) => Promise<WireResponse>;

/** How a broker works: all at once, all in its own time, or the one for some plans and the other for the rest. */
export type BrokerMode = "sync" | "async" | "mixed";

/** A broker with one defect: works in front of any broker, because it changes only what goes over the wire. */
export interface Mutant {
  readonly id: string;
  readonly description: string;
  /** Checks that have to notice it. */
  readonly expected: readonly string[];
  /** Checks that may notice it too, because of what the description says. `*` for any ending. */
  readonly also: readonly string[];
  /** The kind of broker that the defect is planted in. */
  readonly mode: BrokerMode;
  /** The version that it is tested as. */
  readonly minor: SpecMinor;
  /** Where the broker seems to live. Default: this machine. */
  readonly url?: string;
  readonly middleware: Middleware;
}

/** Every operation, in an order in which an instance and a binding live through them. */
export const ENDPOINTS: readonly Operation[] = [
  "catalog",
  "poll-instance",
  "poll-binding",
  "fetch-instance",
  "fetch-binding",
  "provision",
  "update",
  "bind",
  "unbind",
  "deprovision",
];

export function operationOf({ method, path }: WireRequest): Operation {
  const [, root, , sub, , leaf] = path;
  if (root === "catalog") return "catalog";
  if (sub === "last_operation") return "poll-instance";
  if (leaf === "last_operation") return "poll-binding";
  const isBinding = sub === "service_bindings";
  const byMethod: Readonly<Record<string, readonly [Operation, Operation]>> = {
    PUT: ["provision", "bind"],
    PATCH: ["update", "update"],
    DELETE: ["deprovision", "unbind"],
    GET: ["fetch-instance", "fetch-binding"],
  };
  return (byMethod[method] ?? ["fetch-instance", "fetch-binding"])[isBinding ? 1 : 0];
}

/** The path of the instance or binding that a request is about. */
export function keyOf({ path }: WireRequest): string {
  return path.filter((part) => part !== "last_operation").join("/");
}

export const instanceOf = (request: WireRequest): string => request.path[2] ?? "";

function track(memory: Memory, request: WireRequest, response: WireResponse): void {
  const { method, headers, text } = request;
  const operation = operationOf(request);
  const key = keyOf(request);
  const body = jsonOf(response);
  if (operation === "catalog" && response.status === 200) {
    memory.catalog = body;
    memory.authorization = headers["authorization"] ?? "";
  } else if (operation.startsWith("poll-")) {
    const isFinal = response.status === 410 || body["state"] === "succeeded" || body["state"] === "failed";
    const pending = memory.pending.get(key);
    if (!isFinal || pending === undefined) return;
    memory.pending.delete(key);
    if (pending.method === "DELETE") memory.gone.add(key);
    else if (body["state"] === "succeeded") memory.known.add(key);
  } else if (method !== "GET" && response.status === 202) {
    if (method === "PUT") memory.asked.set(key, jsonOf(request));
    if (!memory.pending.has(key) || method === "DELETE")
      memory.pending.set(key, { method, operation: body["operation"], text });
  } else if (method === "DELETE" && response.status === 200) memory.gone.add(key);
  else if (method === "PUT" && (response.status === 200 || response.status === 201)) {
    memory.known.add(key);
    memory.asked.set(key, jsonOf(request));
  }
}

/** A broker behind a mutant. `passMs` lets the time pass that broker and suite live in. */
export function mutate(
  mutant: Pick<Mutant, "middleware">,
  broker: Handler,
  passMs: (ms: number) => void = () => {},
): Handler {
  const memory: Memory = {
    authorization: "",
    catalog: {},
    pending: new Map(),
    known: new Set(),
    gone: new Set(),
    asked: new Map(),
    facts: new Map(),
    passMs,
  };
  return async (request) => {
    let isOwn = true;
    const next: Handler = async (forwarded) => {
      isOwn = false;
      const response = await broker(forwarded);
      track(memory, forwarded, response);
      return response;
    };
    const response = await mutant.middleware(request, next, memory);
    return isOwn ? echoing(request, response) : response;
  };
}

const IDENTITY = "x-broker-api-request-identity";

/** What a mutant answers by itself has its planted defect, and not that of a forgotten header. */
function echoing({ headers }: WireRequest, response: WireResponse): WireResponse {
  const identity = headers[IDENTITY];
  return identity === undefined ? response : { ...response, headers: { [IDENTITY]: identity, ...response.headers } };
}

// The vocabulary in which mutants are written.

export type When = (request: WireRequest, memory: Memory) => boolean;
export type Change = (response: WireResponse, request: WireRequest, memory: Memory) => WireResponse;

export const always: When = () => true;
export const sentOf = (request: WireRequest): JsonObject => jsonOf(request);

/** Changes answers to requests of these kinds, where `when` held before the request and `at` fits the status. */
export function alter(
  operations: readonly Operation[],
  at: (status: number) => boolean,
  change: Change,
  when: When = always,
): Middleware {
  return async (request, next, memory) => {
    const isMeant = operations.includes(operationOf(request)) && when(request, memory);
    const response = await next(request);
    return isMeant && at(response.status) ? change(response, request, memory) : response;
  };
}

/** Answers by itself; the broker never sees the request. */
export function pretend(
  operations: readonly Operation[],
  when: When,
  status: number,
  body: JsonObject = {},
): Middleware {
  return (request, next, memory) =>
    operations.includes(operationOf(request)) && when(request, memory)
      ? Promise.resolve(reply(status, body))
      : next(request);
}

/** Refuses what should be accepted, once it knows who is asking. */
export function refuse(operations: readonly Operation[], when: When, status = 400): Middleware {
  const isMeant: When = (request, memory) =>
    request.headers["authorization"] === memory.authorization && when(request, memory);
  return pretend(operations, isMeant, status, { error: "Refused", description: "This mutant does not want to." });
}

/** Hands on another request than came. */
export function rewrite(
  operations: readonly Operation[],
  when: When,
  change: (request: WireRequest, memory: Memory) => WireRequest,
): Middleware {
  return (request, next, memory) =>
    next(operations.includes(operationOf(request)) && when(request, memory) ? change(request, memory) : request);
}

/** One defect that shows in several places. */
export function both(outer: Middleware, inner: Middleware): Middleware {
  return (request, next, memory) => outer(request, (passed) => inner(passed, next, memory), memory);
}

export const is =
  (...statuses: readonly number[]) =>
  (status: number): boolean =>
    statuses.includes(status);
export const success = (status: number): boolean => status >= 200 && status < 300;

export const status =
  (to: number): Change =>
  (response) => ({ ...response, status: to });

export const body =
  (change: (body: JsonObject, request: WireRequest, memory: Memory) => JsonObject): Change =>
  (response, request, memory) => ({ ...response, text: JSON.stringify(change(jsonOf(response), request, memory)) });

export const set = (name: string, value: Json): Change => body((it) => ({ ...it, [name]: value }));

export const drop = (name: string): Change =>
  body((it) => Object.fromEntries(Object.entries(it).filter(([each]) => each !== name)));

/** Another status and body, with the headers of the answer in place of which it comes. */
export const instead =
  (to: number, told: JsonObject = {}): Change =>
  (response) => ({ ...response, status: to, text: JSON.stringify(told) });

export const text =
  (to: string): Change =>
  (response) => ({ ...response, text: to });

export const header =
  (name: string, value: string): Change =>
  (response) => ({ ...response, headers: { ...response.headers, [name]: value } });

export interface MutantOptions {
  readonly also?: readonly string[];
  readonly mode?: BrokerMode;
  readonly minor?: SpecMinor;
  readonly url?: string;
  readonly id?: string;
}

/** A mutant, named after the first check that has to notice it. */
export function mutant(
  expected: string | readonly string[],
  description: string,
  middleware: Middleware,
  options: MutantOptions = {},
): Mutant {
  const list = typeof expected === "string" ? [expected] : expected;
  return {
    id: `not-${list[0]}`,
    description,
    expected: list,
    also: [],
    mode: "sync",
    minor: 17,
    ...options,
    middleware,
  };
}
