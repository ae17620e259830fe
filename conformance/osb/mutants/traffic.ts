import type { Json, JsonObject } from "../../client/http/json.ts";
import { type Handler, jsonOf, REQUEST_IDENTITY, type WireRequest, type WireResponse } from "../memory-broker/http.ts";
import type { Mutant } from "./mutant.ts";
import { keyOf, operationOf } from "./operations.ts";

/** What a mutant remembers of the traffic: enough to lie consistently. Keys are paths of instances and bindings. */
export interface TrafficMemory {
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

/** A defect: stands between platform and broker, and may change requests and answers. */
export type Middleware = (request: WireRequest, next: Handler, memory: TrafficMemory) => Promise<WireResponse>;

function recordTraffic(memory: TrafficMemory, request: WireRequest, response: WireResponse): void {
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
  const memory: TrafficMemory = {
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
      recordTraffic(memory, forwarded, response);
      return response;
    };
    const response = await mutant.middleware(request, next, memory);
    return isOwn ? echoIdentity(request, response) : response;
  };
}

/** What a mutant answers by itself has its planted defect, and not that of a forgotten header. */
function echoIdentity({ headers }: WireRequest, response: WireResponse): WireResponse {
  const identity = headers[REQUEST_IDENTITY];
  return identity === undefined
    ? response
    : { ...response, headers: { [REQUEST_IDENTITY]: identity, ...response.headers } };
}
