import type { HttpReply, Route } from "../../kernel/index.ts";
import type { Datacenter } from "../behaviour/datacenter.ts";
import type { Authorizer } from "../state/acl-authorizer.ts";
import type { KvRow, KvWrite } from "../state/kv.ts";
import type { ConsulCall, ConsulSim } from "../wire/call.ts";
import { answerAtOnce } from "../wire/handler.ts";
import { answerRead, type ReadResult } from "../wire/read.ts";
import { HttpError, Refusal, refuseBadRequest } from "../wire/refusal.ts";

const VALUE_BYTES_MAX = 512 * 1024;
const UINT64_MAX = 0xffff_ffff_ffff_ffffn;

/** A row as the API shows it; the value as base64. */
export const kvView = (row: KvRow): Readonly<Record<string, unknown>> => ({
  LockIndex: row.lockIndex,
  Key: row.key,
  Flags: row.flags,
  Value: row.value.length === 0 ? null : Buffer.from(row.value).toString("base64"),
  ...(row.session !== "" && { Session: row.session }),
  CreateIndex: row.createIndex,
  ModifyIndex: row.modifyIndex,
});

/** An unsigned number of a parameter. @throws HttpError in Go's words */
function parseUint(text: string): bigint {
  const fail = (why: string): never => {
    throw new HttpError(500, `strconv.ParseUint: parsing "${text}": ${why}`);
  };
  if (!/^\d+$/.test(text)) return fail("invalid syntax");
  const value = BigInt(text);
  return value > UINT64_MAX ? fail("value out of range") : value;
}

/** The page about the settings of an agent, which refusals name. */
export const docsOf = ({ style }: ConsulCall): string =>
  style.isToday
    ? "https://developer.hashicorp.com/docs/agent/config/config-files"
    : "https://www.consul.io/docs/agent/options.html";

/** At most one of these may be given. @throws HttpError */
function refuseConflict({ query, style }: ConsulCall, names: readonly string[]): void {
  const given = names.filter((name) => query.has(name));
  if (given.length > 1) refuseBadRequest(`Conflicting flags: ${canonicalQuery(query)}${style.isToday ? "\n" : ""}`);
}

/** A query as Go prints it: sorted by key, `key=` for a bare one. */
const canonicalQuery = (query: URLSearchParams): string => {
  const sorted = new URLSearchParams(query);
  sorted.sort();
  return sorted.toString();
};

const NOT_FOUND: HttpReply = { status: 404, body: "" };

function readKey(call: ConsulCall): ReadResult {
  if (call.query.has("keys")) return listKeys(call);
  const isTree = call.query.has("recurse");
  if (call.rest === "" && !isTree) return refuseBadRequest("Missing key name");
  const datacenter = call.datacenter();
  const authorizer = call.authorizer(datacenter);
  return isTree ? readTree(call, datacenter, authorizer) : readOne(call, datacenter, authorizer);
}

function readOne(call: ConsulCall, { kv }: Datacenter, authorizer: Authorizer): ReadResult {
  call.require(authorizer, "key", "read", call.rest);
  const row = kv.get(call.rest);
  if (row === undefined) return { index: kv.tableIndex, reply: NOT_FOUND };
  if (!call.query.has("raw")) return { index: row.modifyIndex, value: [kvView(row)] };
  const headers = {
    "Content-Type": call.style.isToday ? "text/plain; charset=utf-8" : "text/plain",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox",
  };
  return { index: row.modifyIndex, reply: { status: 200, headers, body: row.value } };
}

/** @throws HttpError 403 where the agent's configuration wants a right to list, and the caller has none */
function requireList(call: ConsulCall, authorizer: Authorizer): void {
  if (call.agent.options.config.acl?.enable_key_list_policy !== true || authorizer.lists(call.rest)) return;
  throw new HttpError(403, authorizer.denial("key", "list", call.rest));
}

function readTree(call: ConsulCall, { kv }: Datacenter, authorizer: Authorizer): ReadResult {
  requireList(call, authorizer);
  const rows = kv.listUnder(call.rest);
  const index = kv.indexUnder(call.rest, rows);
  const seen = rows.filter(({ key }) => authorizer.sees("key", key));
  return seen.length === 0 ? { index, reply: NOT_FOUND } : { index, value: seen.map(kvView) };
}

function listKeys(call: ConsulCall): ReadResult {
  const datacenter = call.datacenter();
  const authorizer = call.authorizer(datacenter);
  requireList(call, authorizer);
  const { kv } = datacenter;
  const prefix = call.rest;
  const rows = kv.listUnder(prefix);
  const index = kv.indexUnder(prefix, rows);
  const separator = call.query.get("separator") ?? "";
  const names = rows
    .filter(({ key }) => authorizer.sees("key", key))
    .map(({ key }) => cutBehind(key, prefix, separator));
  const list = [...new Set(names)];
  return list.length === 0 && prefix !== "" ? { index, reply: NOT_FOUND } : { index, value: list };
}

/** A key cut behind the first separator after the prefix. */
function cutBehind(key: string, prefix: string, separator: string): string {
  const at = separator === "" ? -1 : key.indexOf(separator, prefix.length);
  return at < 0 ? key : key.slice(0, at + separator.length);
}

function writeKey(call: ConsulCall): HttpReply {
  refuseConflict(call, ["cas", "acquire", "release"]);
  if (call.rest === "") refuseBadRequest("Missing key name");
  const { query } = call;
  if (call.style.isToday) checkKey(call);
  const flags = query.has("flags") ? parseUint(query.get("flags") ?? "") : 0n;
  const index = query.has("cas") ? parseUint(query.get("cas") ?? "") : 0n;
  const body = Buffer.from(call.request.body);
  const bytesMax = call.agent.options.config.limits?.kv_max_value_size ?? VALUE_BYTES_MAX;
  if (body.length > bytesMax)
    throw new HttpError(
      413,
      `Request body(${body.length} bytes) too large, max size: ${bytesMax} bytes. See ${docsOf(call)}#kv_max_value_size.`,
    );
  const datacenter = call.datacenter();
  call.require(call.authorizer(datacenter), "key", "write", call.rest);
  const session = query.get("acquire") ?? query.get("release") ?? "";
  const write: KvWrite = { key: call.rest, value: new Uint8Array(body), flags, session, index: Number(index) };
  return call.json(applyWrite(call, datacenter, write));
}

/** @throws HttpError for a key that today's release refuses */
function checkKey(call: ConsulCall): void {
  const index = call.query.get("index") ?? "";
  if (index !== "" && !/^\d+$/.test(index)) refuseBadRequest("Invalid index");
  if (call.rest.split("/").includes("..")) throw new HttpError(500, "invalid key name, path traversal is not allowed");
}

function applyWrite(call: ConsulCall, { kv, sessions, store }: Datacenter, write: KvWrite): boolean {
  const { query } = call;
  const { raftPrefix } = call.agent.options.profile;
  if (query.has("acquire")) {
    if (kv.isDelayed(write.key)) return false;
    checkLockable(sessions, write.session, raftPrefix);
    return kv.lock(write, store.next());
  }
  if (query.has("release")) return unlock(kv, write, store.next(), raftPrefix);
  if (query.has("cas")) return kv.setIf(write, store.next());
  kv.set(write, store.next());
  return true;
}

function unlock(kv: Datacenter["kv"], write: KvWrite, index: number, prefix: string): boolean {
  if (write.session === "") throw new Refusal(`${prefix}missing session`);
  return kv.unlock(write, index);
}

/** @throws Refusal when there is no such session */
export function checkLockable(sessions: Datacenter["sessions"], session: string, prefix = ""): void {
  if (session === "") throw new Refusal(`${prefix}missing session`);
  if (sessions.get(session) === undefined) throw new Refusal(`${prefix}invalid session "${session}"`);
}

function deleteKey(call: ConsulCall): HttpReply {
  refuseConflict(call, ["recurse", "cas"]);
  const isTree = call.query.has("recurse");
  if (call.rest === "" && !isTree) refuseBadRequest("Missing key name");
  const cas = call.query.has("cas") ? parseUint(call.query.get("cas") ?? "") : undefined;
  const datacenter = call.datacenter();
  const authorizer = call.authorizer(datacenter);
  if (!isTree) call.require(authorizer, "key", "write", call.rest);
  else if (!authorizer.writesUnder(call.rest)) throw new HttpError(403, authorizer.denial("key", "write", call.rest));
  const { kv, store } = datacenter;
  if (cas !== undefined) return call.json(kv.deleteIf(call.rest, Number(cas), store.next()));
  if (isTree) kv.deleteUnder(call.rest, store.next());
  else kv.delete(call.rest, store.next());
  return call.json(true);
}

/** `/v1/kv/…` (Consul 1.8, "KV Store Endpoints"). */
export const KV_ROUTES: readonly Route<ConsulSim>[] = ["/v1/kv/", "/v1/kv/*rest"].flatMap(
  (path): Route<ConsulSim>[] => [
    { method: "GET", path, handler: answerRead("index-on-success", readKey) },
    { method: "PUT", path, handler: answerAtOnce(writeKey) },
    { method: "DELETE", path, handler: answerAtOnce(deleteKey) },
  ],
);
