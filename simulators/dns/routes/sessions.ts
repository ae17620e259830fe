import type { HttpReply, Route } from "../../kernel/index.ts";
import { str } from "../behaviour/definitions.ts";
import { sessionTtlNsMin } from "../behaviour/config.ts";
import { durationNs, durationText, invalidDuration } from "../wire/duration.ts";
import { ANY, type Fields, STRING, STRINGS, type Struct } from "../wire/json/decode.ts";
import { SERF_HEALTH } from "../state/catalog.ts";
import { SessionError, type SessionRow } from "../state/sessions.ts";
import {
  refuseBadRequest,
  type ConsulCall,
  decodeBody,
  deny,
  type ReadResult,
  HttpError,
  answerAtOnce,
  answerRead,
  type ConsulSim,
} from "../wire/frame.ts";
import { sessionView } from "../wire/views.ts";

const TTL_NS_MAX = 24 * 3600e9;
const LOCK_DELAY_NS_DEFAULT = 15e9;
/** A bare number below this means seconds. */
const LOCK_DELAY_SECONDS_BELOW = 1000;

const SERVICE_CHECK: Struct = {
  kind: "struct",
  name: "ServiceCheck",
  go: "structs.ServiceCheck",
  fields: { ID: STRING, Namespace: STRING },
  lax: true,
};

const SESSION: Struct = {
  kind: "struct",
  name: "",
  go: "struct { LockDelay interface {}; *structs.Alias }",
  lax: true,
  fields: {
    ID: STRING,
    Name: STRING,
    Node: STRING,
    LockDelay: ANY,
    Behavior: STRING,
    TTL: STRING,
    Checks: STRINGS,
    NodeChecks: STRINGS,
    ServiceChecks: { kind: "list", of: SERVICE_CHECK, go: "[]structs.ServiceCheck" },
  },
};

/** @throws HttpError for a text that is no duration */
function lockDelayNs(given: unknown): number {
  if (given === undefined || given === null) return LOCK_DELAY_NS_DEFAULT;
  const ns = typeof given === "string" ? durationNs(given) : Number(given);
  if (ns === undefined) return refuseBadRequest(`Request decode failed: ${invalidDuration(String(given))}`);
  return ns < LOCK_DELAY_SECONDS_BELOW ? ns * 1e9 : ns;
}

type Draft = Omit<SessionRow, "id" | "createIndex" | "modifyIndex">;

/** The checks that a session hangs on: the default one unless the caller says otherwise. */
function checksOf(fields: Fields): Pick<Draft, "nodeChecks" | "checks" | "serviceChecks"> {
  const list = (name: string): readonly string[] | undefined =>
    name in fields ? ((fields[name] as readonly string[] | undefined) ?? []) : undefined;
  const services = (fields.ServiceChecks as readonly Fields[] | undefined)?.map((check) => ({
    ID: str(check, "ID"),
    Namespace: str(check, "Namespace"),
  }));
  const serviceChecks = services === undefined || services.length === 0 ? null : services;
  const checks = list("Checks");
  if (checks?.length === 0) return { nodeChecks: [], checks: null, serviceChecks };
  const isDefault = checks === undefined || (checks.length === 1 && checks[0] === SERF_HEALTH);
  return { nodeChecks: list("NodeChecks") ?? [SERF_HEALTH], checks: isDefault ? null : checks, serviceChecks };
}

function draftOf(call: ConsulCall): Draft {
  const fields = call.request.body.length === 0 ? {} : decodeBody(call, SESSION);
  return {
    name: str(fields, "Name"),
    node: str(fields, "Node") || call.agent.name,
    lockDelayNs: lockDelayNs(fields.LockDelay),
    behavior: (str(fields, "Behavior") || "release") as Draft["behavior"],
    ttl: str(fields, "TTL"),
    ...checksOf(fields),
  };
}

/** @throws SessionError in Consul's words */
function checkDraft({ behavior, ttl }: Draft, nsMin: number): void {
  if (behavior !== "release" && behavior !== "delete")
    throw new SessionError(`Invalid Behavior setting '${behavior as string}'`);
  if (ttl === "") return;
  const ns = durationNs(ttl);
  if (ns === undefined) throw new SessionError(`Session TTL '${ttl}' invalid: ${invalidDuration(ttl)}`);
  if (ns !== 0 && (ns < nsMin || ns > TTL_NS_MAX))
    throw new SessionError(
      `Invalid Session TTL '${ns}', must be between [${durationText(nsMin)}=${durationText(TTL_NS_MAX)}]`,
    );
}

function create(call: ConsulCall): HttpReply {
  const draft = draftOf(call);
  const datacenter = call.datacenter();
  if (!call.authorizer(datacenter).writes("session", draft.node)) deny();
  checkDraft(draft, sessionTtlNsMin(call.agent.options.config));
  return call.json({ ID: datacenter.sessions.create(draft) });
}

function destroy(call: ConsulCall): HttpReply {
  const datacenter = call.datacenter();
  const authorizer = call.authorizer(datacenter);
  const session = datacenter.sessions.get(call.rest);
  if (session !== undefined && !authorizer.writes("session", session.node)) deny();
  if (session !== undefined) datacenter.sessions.destroy(session.id, datacenter.store.next());
  return call.json(true);
}

function renew(call: ConsulCall): HttpReply {
  const datacenter = call.datacenter();
  const authorizer = call.authorizer(datacenter);
  const session = datacenter.sessions.get(call.rest);
  if (session === undefined) throw new HttpError(404, `Session id '${call.rest}' not found`);
  if (!authorizer.writes("session", session.node)) deny();
  datacenter.sessions.renew(session.id);
  return call.json([sessionView(session)]);
}

const listSessions = (call: ConsulCall, pick: (rows: readonly SessionRow[]) => readonly SessionRow[]): ReadResult => {
  const datacenter = call.datacenter();
  const authorizer = call.authorizer(datacenter);
  const rows = pick(datacenter.sessions.list()).filter(({ node }) => authorizer.reads("session", node));
  return { index: datacenter.sessions.tableIndex, value: rows.map(sessionView) };
};

function info(call: ConsulCall): ReadResult {
  const datacenter = call.datacenter();
  const session = datacenter.sessions.get(call.rest);
  return listSessions(call, () => (session === undefined ? [] : [session]));
}

const ofNode = (call: ConsulCall): ReadResult =>
  listSessions(call, (rows) => rows.filter(({ node }) => node.toLowerCase() === call.rest.toLowerCase()));

const missing = (what: string) => answerAtOnce(() => refuseBadRequest(`Missing ${what}`));

export const SESSION_ROUTES: readonly Route<ConsulSim>[] = [
  { method: "PUT", path: "/v1/session/create", handler: answerAtOnce(create) },
  {
    method: "GET",
    path: "/v1/session/list",
    handler: answerRead("index", (call) => listSessions(call, (rows) => rows)),
  },
  { method: "GET", path: "/v1/session/info/", handler: missing("session") },
  { method: "GET", path: "/v1/session/info/*rest", handler: answerRead("index", info) },
  { method: "GET", path: "/v1/session/node/", handler: missing("node name") },
  { method: "GET", path: "/v1/session/node/*rest", handler: answerRead("index", ofNode) },
  { method: "PUT", path: "/v1/session/renew/", handler: missing("session") },
  { method: "PUT", path: "/v1/session/renew/*rest", handler: answerAtOnce(renew) },
  { method: "PUT", path: "/v1/session/destroy/", handler: missing("session") },
  { method: "PUT", path: "/v1/session/destroy/*rest", handler: answerAtOnce(destroy) },
];
