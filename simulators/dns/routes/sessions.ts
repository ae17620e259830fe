import type { HttpReply, Route } from "../../kernel/index.ts";
import { sessionTtlNsMin } from "../behaviour/config.ts";
import { SERF_HEALTH } from "../state/health.ts";
import { SessionError, type SessionRow } from "../state/sessions.ts";
import { type ConsulCall, type ConsulSim, decodeBody } from "../wire/call.ts";
import { durationNs, durationText, invalidDuration } from "../wire/duration.ts";
import { answerAtOnce, refuseMissing } from "../wire/handler.ts";
import { ANY, anonymous, type Decoded, lax, listOf, STRING, STRINGS, structOf } from "../wire/json/shape.ts";
import { answerRead, type ReadResult } from "../wire/read.ts";
import { HttpError, refuseBadRequest } from "../wire/refusal.ts";
import { sessionView } from "../wire/views.ts";

const TTL_NS_MAX = 24 * 3600e9;
const LOCK_DELAY_NS_DEFAULT = 15e9;
/** A bare number below this means seconds. */
const LOCK_DELAY_SECONDS_BELOW = 1000;

const SERVICE_CHECK = lax(structOf("structs.ServiceCheck", { ID: STRING, Namespace: STRING }));

const SESSION = lax(
  anonymous(
    structOf("struct { LockDelay interface {}; *structs.Alias }", {
      ID: STRING,
      Name: STRING,
      Node: STRING,
      LockDelay: ANY,
      Behavior: STRING,
      TTL: STRING,
      Checks: STRINGS,
      NodeChecks: STRINGS,
      ServiceChecks: listOf(SERVICE_CHECK, "[]structs.ServiceCheck"),
    }),
  ),
);
type SessionFields = Decoded<typeof SESSION>;

/** Reads a lock delay: text, ns, or whole seconds. @throws HttpError 400 for a text that is not a duration */
function readLockDelayNs(given: unknown): number {
  if (given === undefined || given === null) return LOCK_DELAY_NS_DEFAULT;
  const ns = typeof given === "string" ? durationNs(given) : Number(given);
  if (ns === undefined) return refuseBadRequest(`Request decode failed: ${invalidDuration(String(given))}`);
  return ns < LOCK_DELAY_SECONDS_BELOW ? ns * 1e9 : ns;
}

type Draft = Omit<SessionRow, "id" | "createIndex" | "modifyIndex">;

/** The checks on which a session depends: the default one unless the caller names others. */
function checksOf(fields: SessionFields, isToday: boolean): Pick<Draft, "nodeChecks" | "checks" | "serviceChecks"> {
  // Null is an empty list, unlike a list that is left out.
  const list = (name: "Checks" | "NodeChecks"): readonly string[] | undefined =>
    name in fields ? (fields[name] ?? []) : undefined;
  const services = (fields.ServiceChecks ?? []).map(({ ID = "", Namespace = "" }) => ({ ID, Namespace }));
  const serviceChecks = services.length === 0 ? null : services;
  const checks = isToday && fields.NodeChecks !== undefined ? undefined : list("Checks");
  if (checks?.length === 0) return { nodeChecks: [], checks: null, serviceChecks };
  const isDefault = checks === undefined || (checks.length === 1 && checks[0] === SERF_HEALTH);
  return { nodeChecks: list("NodeChecks") ?? [SERF_HEALTH], checks: isDefault ? null : checks, serviceChecks };
}

/** The session that a request describes, checked. @throws HttpError, SessionError in Consul's words */
function draftOf(call: ConsulCall, fields: SessionFields, lockDelayNs: number): Draft {
  const { TTL: ttl = "" } = fields;
  const behavior = behaviorOf(fields);
  checkTtl(ttl, sessionTtlNsMin(call.agent.options.config));
  return {
    name: fields.Name ?? "",
    node: nodeOf(call, fields),
    lockDelayNs,
    behavior,
    ttl,
    ...checksOf(fields, call.style.isToday),
  };
}

const nodeOf = (call: ConsulCall, { Node }: SessionFields): string => Node || call.agent.name;

/** @throws SessionError */
function behaviorOf({ Behavior }: SessionFields): Draft["behavior"] {
  const behavior = Behavior || "release";
  if (behavior === "release" || behavior === "delete") return behavior;
  throw new SessionError(`Invalid Behavior setting '${behavior}'`);
}

/** @throws SessionError */
function checkTtl(ttl: string, nsMin: number): void {
  if (ttl === "") return;
  const ns = durationNs(ttl);
  if (ns === undefined) throw new SessionError(`Session TTL '${ttl}' invalid: ${invalidDuration(ttl)}`);
  if (ns !== 0 && (ns < nsMin || ns > TTL_NS_MAX))
    throw new SessionError(
      `Invalid Session TTL '${ns}', must be between [${durationText(nsMin)}=${durationText(TTL_NS_MAX)}]`,
    );
}

function createSession(call: ConsulCall): HttpReply {
  const fields = call.request.body.length === 0 ? {} : decodeBody(call, SESSION);
  const delayNs = readLockDelayNs(fields.LockDelay);
  const datacenter = call.datacenter();
  call.require(call.authorizer(datacenter), "session", "write", nodeOf(call, fields));
  return call.json({ ID: datacenter.sessions.create(draftOf(call, fields, delayNs)) });
}

function destroySession(call: ConsulCall): HttpReply {
  const datacenter = call.datacenter();
  const authorizer = call.authorizer(datacenter);
  const session = datacenter.sessions.get(call.rest);
  if (session !== undefined) call.require(authorizer, "session", "write", session.node);
  if (session !== undefined) datacenter.sessions.destroy(session.id, datacenter.store.next());
  return call.json(true);
}

function renewSession(call: ConsulCall): HttpReply {
  const datacenter = call.datacenter();
  const authorizer = call.authorizer(datacenter);
  const session = datacenter.sessions.get(call.rest);
  if (session === undefined) throw new HttpError(404, `Session id '${call.rest}' not found`);
  call.require(authorizer, "session", "write", session.node);
  datacenter.sessions.renew(session.id);
  return call.json([sessionView(session)]);
}

const listSessions = (call: ConsulCall, pick: (rows: readonly SessionRow[]) => readonly SessionRow[]): ReadResult => {
  const datacenter = call.datacenter();
  const authorizer = call.authorizer(datacenter);
  const rows = pick(datacenter.sessions.list()).filter(({ node }) => authorizer.sees("session", node));
  return { index: datacenter.sessions.tableIndex, value: rows.map(sessionView) };
};

function readSession(call: ConsulCall): ReadResult {
  const datacenter = call.datacenter();
  const session = datacenter.sessions.get(call.rest);
  return listSessions(call, () => (session === undefined ? [] : [session]));
}

const listOfNode = (call: ConsulCall): ReadResult =>
  listSessions(call, (rows) => rows.filter(({ node }) => node.toLowerCase() === call.rest.toLowerCase()));

/** `/v1/session/…` (Consul 1.8, "Session HTTP API"). */
export const SESSION_ROUTES: readonly Route<ConsulSim>[] = [
  { method: "PUT", path: "/v1/session/create", handler: answerAtOnce(createSession) },
  {
    method: "GET",
    path: "/v1/session/list",
    handler: answerRead("index", (call) => listSessions(call, (rows) => rows)),
  },
  { method: "GET", path: "/v1/session/info/", handler: refuseMissing("session") },
  { method: "GET", path: "/v1/session/info/*rest", handler: answerRead("index", readSession) },
  { method: "GET", path: "/v1/session/node/", handler: refuseMissing("node name") },
  { method: "GET", path: "/v1/session/node/*rest", handler: answerRead("index", listOfNode) },
  { method: "PUT", path: "/v1/session/renew/", handler: refuseMissing("session") },
  { method: "PUT", path: "/v1/session/renew/*rest", handler: answerAtOnce(renewSession) },
  { method: "PUT", path: "/v1/session/destroy/", handler: refuseMissing("session") },
  { method: "PUT", path: "/v1/session/destroy/*rest", handler: answerAtOnce(destroySession) },
];
