import { type Body, bodyText, type HttpReply, type HttpRequest, within } from "../../kernel/index.ts";
import type { Agent } from "../behaviour/agent.ts";
import type { Cluster } from "../behaviour/cluster.ts";
import type { Datacenter } from "../behaviour/datacenter.ts";
import { durationNs } from "./duration.ts";
import { decodeJson, type Fields, type Struct } from "./json/decode.ts";
import { JsonError } from "./json/parse.ts";
import { printJson } from "./json/print.ts";
import { Refusal } from "./refusal.ts";
import type { Authorizer } from "../state/acl-rules.ts";
import { AS_IT_IS, BY_WAN, type Translation } from "../state/wan.ts";

/** The agent that a request has reached, and the others it can turn to. */
export interface ConsulSim {
  readonly cluster: Cluster;
  readonly agent: Agent;
}

export type ConsulReply = HttpReply | Body<HttpReply>;

/** A refusal: its message is the body. What the agent refuses by itself has none of the headers of a read. */
export class HttpError extends Error {
  readonly status: number;
  readonly isBare: boolean;

  constructor(status: number, message: string, isBare = status === 400 || status === 404) {
    super(message);
    this.status = status;
    this.isBare = isBare;
  }
}

/** Nobody leads: the request is held, then fails. */
class NoLeader extends Error {}

export const refuseBadRequest = (message: string): never => {
  throw new HttpError(400, message);
};
export const PERMISSION_DENIED = "Permission denied";
export const deny = (detail = ""): never => {
  throw new HttpError(403, PERMISSION_DENIED + detail);
};
export const refuseNotSimulated = (what: string): never => {
  throw new HttpError(501, `not simulated: ${what}`);
};

const TEXT = { "Content-Type": "text/plain; charset=utf-8" };
const WAIT_MS_DEFAULT = 300_000;
const WAIT_MS_MAX = 600_000;
/** A wait is longer by up to this part of itself, so that not all come back at once. */
const JITTER_PART = 16;

export const EMPTY_REPLY: HttpReply = { status: 200, body: "" };

/** One request as its handler sees it. */
export class ConsulCall {
  readonly sim: ConsulSim;
  readonly agent: Agent;
  readonly request: HttpRequest;
  readonly query: URLSearchParams;
  readonly token: string;

  constructor(sim: ConsulSim, request: HttpRequest) {
    this.sim = sim;
    this.agent = sim.agent;
    this.request = request;
    this.query = new URLSearchParams(request.query);
    this.token = tokenOf(this.query, request);
  }

  param(name: string): string {
    return this.request.params[name] ?? "";
  }

  /** The part of the path behind the route's last `/`; may be empty. */
  get rest(): string {
    return this.param("rest");
  }

  get text(): string {
    return bodyText(this.request);
  }

  /** The decoded body. @throws JsonError */
  fields(shape: Struct): Fields {
    return (decodeJson(this.text, shape) as Fields | undefined) ?? {};
  }

  /** `?name`, `?name=true` … */
  flag(name: string): boolean {
    return this.query.has(name);
  }

  json(value: unknown, headers: Readonly<Record<string, string>> = {}, status = 200): HttpReply {
    const pretty = this.agent.options.isDev || this.query.has("pretty");
    return { status, headers: { "Content-Type": "application/json", ...headers }, body: printJson(value, pretty) };
  }

  /** The datacenter asked for: of `?dc=` unless one is given. @throws HttpError, NoLeader */
  datacenter(name = this.query.get("dc") || ""): Datacenter {
    const { cluster, agent } = this.sim;
    const own = agent.datacenter;
    const found = name === "" || name === own.name ? own : cluster.datacenters.get(name);
    if (found === undefined || (found !== own && cluster.serversOf(found).length === 0))
      throw new HttpError(500, "No path to datacenter");
    const isStale = this.request.method === "GET" && this.query.has("stale") && found.hasData;
    if (!found.hasLeader && !isStale) throw new NoLeader();
    return found;
  }

  /** How rows of a datacenter are shown by this agent. */
  translation(datacenter: string): Translation {
    const translates = this.agent.options.config.translate_wan_addrs === true;
    return translates && datacenter !== this.agent.datacenter.name ? BY_WAN : AS_IT_IS;
  }

  /** What the caller may do in a datacenter. @throws HttpError for an unknown token */
  authorizer(datacenter: Datacenter): Authorizer {
    const fallback = this.agent.options.config.acl?.tokens?.default ?? "";
    const authorizer = datacenter.acl.resolve(this.token || fallback);
    if (authorizer === undefined) throw new HttpError(403, "ACL not found");
    return authorizer;
  }
}

function tokenOf(query: URLSearchParams, { headers }: HttpRequest): string {
  const asked = query.get("token");
  if (asked !== null && asked !== "") return asked;
  const header = headers["x-consul-token"];
  if (header !== undefined && header !== "") return header;
  return /^bearer +(\S+)$/i.exec(headers.authorization ?? "")?.[1] ?? "";
}

export const textReply = (
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): HttpReply => ({
  status,
  headers: { ...headers, ...TEXT },
  body: message,
});

/** Errors of the stores, which say what Consul says, are its 500s. */
function errorReply(error: unknown, headers: Readonly<Record<string, string>>): HttpReply {
  if (error instanceof HttpError && error.message === "") return { status: error.status, body: "" };
  if (error instanceof HttpError) return textReply(error.status, error.message, error.isBare ? {} : headers);
  if (error instanceof Refusal) return textReply(500, error.message, headers);
  throw error;
}

function answerErrors(agent: Agent, headers: Readonly<Record<string, string>>, run: () => ConsulReply): ConsulReply {
  try {
    return run();
  } catch (error) {
    if (error instanceof NoLeader) return holdWithoutLeader(agent, headers);
    return errorReply(error, headers);
  }
}

function* holdWithoutLeader(agent: Agent, headers: Readonly<Record<string, string>>): Body<HttpReply> {
  yield agent.holdMs;
  return textReply(500, "No cluster leader", headers);
}

export type ConsulHandler = (sim: ConsulSim, request: HttpRequest) => ConsulReply;

/** A handler that answers at once. */
export const answerAtOnce =
  (run: (call: ConsulCall) => HttpReply): ConsulHandler =>
  (sim, request) =>
    answerErrors(sim.agent, {}, () => {
      const call = new ConsulCall(sim, request);
      return run(call);
    });

/** Which headers a read has beside its body: also its consistency, also when it fails. */
export type MetaStyle = "consistency" | "cacheable" | "index" | "index-on-success";

/** What a read found: the index that it stands at, and the value, or a reply made ready. */
export type ReadResult =
  | { readonly index: number; readonly value: unknown }
  | { readonly index: number; readonly reply: HttpReply };

interface ReadOptions {
  readonly minIndex: number;
  readonly waitMs: number;
  readonly consistency: "leader" | "stale" | "consistent";
}

const NO_META = { "X-Consul-Index": "1", "X-Consul-Knownleader": "false", "X-Consul-Lastcontact": "0" };

/** A handler of a read that may block (`?index=`, `?wait=`). `run` is called again whenever something was written. */
export const answerRead =
  (style: MetaStyle, run: (call: ConsulCall) => ReadResult): ConsulHandler =>
  (sim, request) => {
    const call = new ConsulCall(sim, request);
    const failed = style === "index-on-success" ? {} : NO_META;
    return answerErrors(sim.agent, {}, () => {
      const asked = optionsOf(call);
      return answerErrors(sim.agent, failed, () => {
        const first = run(call);
        const waits = asked.minIndex > 0 && atLeastOne(first.index) <= asked.minIndex;
        return waits ? blockUntilChanged(call, style, failed, asked, run) : replyWithMeta(call, style, asked, first);
      });
    });
  };

/** Does the server know a leader, and how long has it not heard of one (ms)? */
function contactOf({ sim, agent, query }: ConsulCall): Readonly<Record<string, string>> {
  const { leadership } = sim.cluster.datacenters.get(query.get("dc") ?? "") ?? agent.datacenter;
  const lostMs = leadership.state === "lost" ? agent.kernel.nowMs - leadership.sinceMs : 0;
  return { "X-Consul-Knownleader": String(leadership.state === "present"), "X-Consul-Lastcontact": String(lostMs) };
}

/** What an agent has once read with `?cached` it keeps fresh by itself, so a hit is always of now. */
function cacheHeaders({ agent, request, query }: ConsulCall): Readonly<Record<string, string>> {
  const kept = new URLSearchParams(query);
  for (const name of ["cached", "stale", "consistent", "pretty", "index", "wait"]) kept.delete(name);
  kept.sort();
  return agent.readsCached(`${request.path}?${kept.toString()}`)
    ? { "X-Cache": "HIT", Age: "0" }
    : { "X-Cache": "MISS" };
}

const atLeastOne = (index: number): number => Math.max(1, index);

/** @throws HttpError */
function optionsOf({ query }: ConsulCall): ReadOptions {
  const index = query.get("index") ?? "";
  if (index !== "" && (!/^\d+$/.test(index) || BigInt(index) > 0xffff_ffff_ffff_ffffn))
    refuseBadRequest("Invalid index");
  const wait = query.get("wait") ?? "";
  const waitNs = wait === "" ? 0 : durationNs(wait);
  if (waitNs === undefined) return refuseBadRequest("Invalid wait time");
  if (query.has("stale") && query.has("consistent"))
    refuseBadRequest("Cannot specify ?stale with ?consistent, conflicting semantics.");
  const waitMs = waitNs <= 0 ? WAIT_MS_DEFAULT : Math.min(waitNs / 1e6, WAIT_MS_MAX);
  const consistency = query.has("stale") ? "stale" : query.has("consistent") ? "consistent" : "leader";
  return { minIndex: index === "" ? 0 : Number(index), waitMs, consistency };
}

function replyWithMeta(call: ConsulCall, style: MetaStyle, { consistency }: ReadOptions, found: ReadResult): HttpReply {
  const headers = {
    ...((style === "consistency" || style === "cacheable") && { "X-Consul-Effective-Consistency": consistency }),
    ...(style === "cacheable" && call.query.has("cached") && cacheHeaders(call)),
    "X-Consul-Index": String(atLeastOne(found.index)),
    ...contactOf(call),
  };
  if ("value" in found) return call.json(found.value, headers);
  return { ...found.reply, headers: { ...headers, ...found.reply.headers } };
}

function* blockUntilChanged(
  call: ConsulCall,
  style: MetaStyle,
  failed: Readonly<Record<string, string>>,
  asked: ReadOptions,
  run: (call: ConsulCall) => ReadResult,
): Body<HttpReply> {
  const { kernel, datacenter } = call.agent;
  const store = (call.sim.cluster.datacenters.get(call.query.get("dc") ?? "") ?? datacenter).store;
  const jitterMs = kernel.random("dns/jitter").int(0, Math.floor(asked.waitMs / JITTER_PART));
  const untilMs = kernel.nowMs + asked.waitMs + jitterMs;
  for (;;) {
    const leftMs = untilMs - kernel.nowMs;
    const woken = leftMs > 0 ? yield* within(kernel, store.changed, leftMs) : undefined;
    const found = attempt(() => run(call), failed);
    if ("status" in found) return found;
    if (woken === undefined || atLeastOne(found.index) > asked.minIndex)
      return replyWithMeta(call, style, asked, found);
  }
}

function attempt(run: () => ReadResult, failed: Readonly<Record<string, string>>): ReadResult | HttpReply {
  try {
    return run();
  } catch (error) {
    return errorReply(error, failed);
  }
}

/** Decodes a body or refuses with Consul's words. */
export function decodeBody(call: ConsulCall, shape: Struct, prefix = "Request decode failed: "): Fields {
  try {
    return call.fields(shape);
  } catch (error) {
    if (error instanceof JsonError) return refuseBadRequest(prefix + error.message);
    throw error;
  }
}
