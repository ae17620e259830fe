import { type Body, type HttpReply, within } from "../../kernel/index.ts";
import { ConsulCall } from "./call.ts";
import { durationNs } from "./duration.ts";
import { answerErrors, type ConsulHandler, errorReply } from "./handler.ts";
import { refuseBadRequest } from "./refusal.ts";

/** Whether a read's headers state its consistency, and whether it has them even when it fails. */
type MetaHeaders = "consistency" | "cacheable" | "index" | "index-on-success";

/** The result of a read: its index, and the value or a finished reply. */
export type ReadResult =
  | {
      readonly index: number;
      readonly value: unknown;
      /** The last change that the read itself would notice; waiting readers sleep through others. Default: its index. */
      readonly changedAt?: number;
    }
  | { readonly index: number; readonly reply: HttpReply };

type Read = (call: ConsulCall) => ReadResult;
type Headers = Readonly<Record<string, string>>;

interface ReadOptions {
  /** The read waits until the index exceeds this; 0 answers at once. */
  readonly minIndex: number;
  readonly waitMs: number;
  readonly consistency: "leader" | "stale" | "consistent";
}

const WAIT_MS_DEFAULT = 300_000;
const WAIT_MS_MAX = 600_000;
/** Each wait is extended by up to this fraction of itself, so that not all readers come back at once. */
const JITTER_PART = 16;
const UINT64_MAX = 0xffff_ffff_ffff_ffffn;

const NO_META: Headers = { "X-Consul-Index": "1", "X-Consul-Knownleader": "false", "X-Consul-Lastcontact": "0" };

/**
 * A handler of a read that may block (`?index=`, `?wait=`; Consul, "Blocking Queries"). `run` is called again after each write.
 */
export const answerRead =
  (meta: MetaHeaders, run: Read): ConsulHandler =>
  (sim, request) => {
    const call = new ConsulCall(sim, request);
    const failed = failedHeaders(call, meta);
    return answerErrors(sim.agent, {}, () => {
      const options = readOptions(call);
      return answerErrors(sim.agent, failed, () => {
        const first = run(call);
        const waits = options.minIndex > 0 && atLeastOne(first.index) <= options.minIndex;
        return waits ? blockUntilChanged(call, meta, failed, options, run) : replyWithMeta(call, meta, options, first);
      });
    });
  };

/** `?stale` and `?consistent`, as a reply names them; else what the configuration says for catalog and health. */
export function consistencyOf(call: ConsulCall): ReadOptions["consistency"] {
  const { query, request, agent } = call;
  if (query.has("stale")) return "stale";
  if (!call.style.isToday && query.has("consistent")) return "consistent";
  if ((durationNs(query.get("max_stale") ?? "") ?? 0) > 0) return "stale";
  if (!call.style.isToday) return "leader";
  if (query.has("consistent")) return "consistent";
  const isDefault = !query.has("leader") && !isCached(call) && /^\/v1\/(?:catalog|health)/.test(request.path);
  const staleNs = durationNs(agent.options.config.discovery_max_stale ?? "") ?? 0;
  return isDefault && staleNs > 0 ? "stale" : "leader";
}

/** Whether the agent's cache may answer: `?cached`, unless the configuration switches it off. */
const isCached = ({ query, agent }: ConsulCall): boolean =>
  query.has("cached") && agent.options.config.http_config?.use_cache !== false;

/** @throws HttpError */
function checkMaxStale(given: string): void {
  if (given !== "" && durationNs(given) === undefined)
    refuseBadRequest(`Invalid max_stale value ${JSON.stringify(given)}`);
}

/** `?index=` and `?wait=`: what a reader knows already, and how long it waits for something newer. @throws HttpError */
export function readWait({ query }: ConsulCall): { readonly minIndex: bigint; readonly waitMs: number } {
  const index = query.get("index") ?? "";
  if (index !== "" && (!/^\d+$/.test(index) || BigInt(index) > UINT64_MAX)) refuseBadRequest("Invalid index");
  const wait = query.get("wait") ?? "";
  const waitNs = wait === "" ? 0 : durationNs(wait);
  if (waitNs === undefined) return refuseBadRequest("Invalid wait time");
  const waitMs = waitNs <= 0 ? WAIT_MS_DEFAULT : Math.min(waitNs / 1e6, WAIT_MS_MAX);
  return { minIndex: BigInt(index || 0), waitMs };
}

/** @throws HttpError */
function readOptions(call: ConsulCall): ReadOptions {
  const { query } = call;
  const { minIndex, waitMs } = readWait(call);
  checkMaxStale(query.get("max_stale") ?? "");
  if (consistencyOf(call) === "stale" && query.has("consistent"))
    refuseBadRequest("Cannot specify ?stale with ?consistent, conflicting semantics.");
  if (isCached(call) && query.has("consistent"))
    refuseBadRequest("Cannot specify ?cached with ?consistent, conflicting semantics.");
  return { minIndex: Number(minIndex), waitMs, consistency: consistencyOf(call) };
}

/** Whether a read is answered from a stream of changes that the agent follows: reads of health that are cached or wait. */
function isStreamed(call: ConsulCall): boolean {
  const { agent, query, request } = call;
  if (!agent.options.profile.isToday || !/^\/v1\/health\/(?:service|connect)\//.test(request.path)) return false;
  const waits = Number(query.get("index") ?? 0) > 0;
  return (isCached(call) || waits) && !query.has("near") && !query.has("merge-central-config");
}

/** The backend that answers a read, which today's release names. */
function backendOf(call: ConsulCall): Headers {
  if (!call.agent.options.profile.isToday) return {};
  return { "X-Consul-Query-Backend": isStreamed(call) ? "streaming" : "blocking-query" };
}

/** The headers of a read that fails; reads of health have none today. */
function failedHeaders(call: ConsulCall, meta: MetaHeaders): Headers {
  const isHealth = /^\/v1\/health\/(?:service|connect|ingress)\//.test(call.request.path);
  if (meta === "index-on-success" || (call.style.isToday && isHealth)) return {};
  return { ...NO_META, ...backendOf(call) };
}

/** Whether the servers know a leader, and how long ago (ms) they last heard from one. */
function contactHeaders({ sim, agent, query }: ConsulCall): Headers {
  const { leadership } = sim.cluster.datacenters.get(query.get("dc") ?? "") ?? agent.datacenter;
  const lostMs = leadership.state === "lost" ? agent.kernel.nowMs - leadership.sinceMs : 0;
  return { "X-Consul-Knownleader": String(leadership.state === "present"), "X-Consul-Lastcontact": String(lostMs) };
}

/** An agent keeps what it once read with `?cached` fresh by itself, so a hit is never stale. */
function cacheHeaders({ agent, request, query }: ConsulCall): Headers {
  const kept = new URLSearchParams(query);
  for (const name of ["cached", "stale", "consistent", "pretty", "index", "wait"]) kept.delete(name);
  kept.sort();
  return agent.readsCached(`${request.path}?${kept.toString()}`)
    ? { "X-Cache": "HIT", Age: "0" }
    : { "X-Cache": "MISS" };
}

const atLeastOne = (index: number): number => Math.max(1, index);

function replyWithMeta(
  call: ConsulCall,
  meta: MetaHeaders,
  { consistency }: ReadOptions,
  result: ReadResult,
): HttpReply {
  const headers = {
    ...((meta === "consistency" || meta === "cacheable") && { "X-Consul-Effective-Consistency": consistency }),
    ...(meta === "cacheable" && isCached(call) && cacheHeaders(call)),
    "X-Consul-Index": String(atLeastOne(result.index)),
    ...contactHeaders(call),
    ...backendOf(call),
    ...(isStreamed(call) && { "X-Consul-Knownleader": "false" }),
  };
  if ("value" in result) return call.json(result.value, headers);
  const filtered = call.hasFiltered ? { "X-Consul-Results-Filtered-By-Acls": "true" } : {};
  return { ...result.reply, headers: { ...headers, ...filtered, ...result.reply.headers } };
}

function* blockUntilChanged(
  call: ConsulCall,
  meta: MetaHeaders,
  failed: Headers,
  options: ReadOptions,
  run: Read,
): Body<HttpReply> {
  const { kernel, datacenter } = call.agent;
  const { store } = call.sim.cluster.datacenters.get(call.query.get("dc") ?? "") ?? datacenter;
  const jitterMs = kernel.random("dns/jitter").int(0, Math.floor(options.waitMs / JITTER_PART));
  const untilMs = kernel.nowMs + options.waitMs + jitterMs;
  const before = isStreamed(call) ? shownBy(attempt(call, run, failed)) : undefined;
  for (;;) {
    const leftMs = untilMs - kernel.nowMs;
    const woken = leftMs > 0 ? yield* within(kernel, store.changed, leftMs) : undefined;
    const result = attempt(call, run, failed);
    if ("status" in result) return result;
    const changedAt = "changedAt" in result ? result.changedAt : undefined;
    if (woken !== undefined && before !== undefined && before === shownBy(result)) continue;
    if (woken === undefined || atLeastOne(changedAt ?? result.index) > options.minIndex)
      return replyWithMeta(call, meta, options, result);
  }
}

/** The contents of a read; a stream notifies its reader only of changes to them. */
const shownBy = (result: ReadResult | HttpReply): string | undefined =>
  "value" in result ? JSON.stringify(result.value) : undefined;

function attempt(call: ConsulCall, run: Read, failed: Headers): ReadResult | HttpReply {
  try {
    return run(call);
  } catch (error) {
    return errorReply(error, failed);
  }
}
