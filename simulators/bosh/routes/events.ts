import { asFields, isHash } from "../configs/fields.ts";
import { type HttpReply, json } from "../../kernel/index.ts";
import { audit } from "../events/audit.ts";
import type { AuditEvent } from "../state/events.ts";
import { isNil, jsonObject } from "../wire/bodies.ts";
import type { RequestContext } from "../wire/context.ts";
import { DirectorError } from "../wire/errors.ts";
import { toRubyInteger } from "../wire/integers.ts";
import { brokenReply, emptyReply, htmlText } from "../wire/replies.ts";
import { type DirectorRoute, route } from "../wire/route.ts";

const PAGE = 200;

/** Empty and null fields are left out. */
function view(event: AuditEvent): object {
  const all = {
    id: String(event.id),
    parent_id: event.parentId === null ? null : String(event.parentId),
    timestamp: event.timestamp,
    user: event.user,
    action: event.action,
    object_type: event.objectType,
    object_name: event.objectName,
    error: event.error,
    task: event.task === null ? null : String(event.task),
    deployment: event.deployment,
    instance: event.instance,
    context: event.context,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null && value !== ""));
}

const text = (status: number, body: string): HttpReply => ({
  status,
  body,
  headers: { "Content-Type": "application/json" },
});

const FILTERS: Readonly<Record<string, (event: AuditEvent) => string | null>> = {
  task: ({ task }) => (task === null ? null : String(task)),
  deployment: ({ deployment }) => deployment,
  instance: ({ instance }) => instance,
  user: ({ user }) => user,
  action: ({ action }) => action,
  object_type: ({ objectType }) => objectType,
  object_name: ({ objectName }) => objectName,
};

/** Unix seconds of a number or a date; `undefined` for anything else. The director's own time zone is UTC. */
function timeOf(value: string): number | undefined {
  if (/^[-+]?\d+$/.test(value)) return Number(value);
  const hasZone = /(?:[zZ]|[-+]\d\d:?\d\d|\b(?:GMT|UTC|[ECMP][SD]T))\s*\)?$/.test(value.trim());
  const ms = Date.parse(/\d:\d\d/.test(value) && !hasZone ? `${value}Z` : value);
  return Number.isNaN(ms) ? undefined : ms / 1000;
}

function list({ director, query }: RequestContext): HttpReply {
  const [before, after] = ["before", "after"].map((name) => {
    const value = query.get(`${name}_time`);
    return value === null ? null : (timeOf(value) ?? { name, value });
  });
  for (const bound of [before, after])
    if (typeof bound === "object" && bound !== null)
      return text(400, `Invalid ${bound.name} parameter: '${bound.value}' `);
  const beforeId = query.get("before_id");
  const found: object[] = [];
  const { events } = director.slot.value;
  for (let at = events.length - 1; at >= 0 && found.length < PAGE; at--) {
    const event = events[at];
    if (event === undefined) continue;
    // Anything but a number counts as 0, as in Ruby.
    if (beforeId !== null && event.id >= toRubyInteger(beforeId)) continue;
    if (typeof before === "number" && event.timestamp >= before) continue;
    if (typeof after === "number" && event.timestamp <= after) continue;
    const isWanted = Object.entries(FILTERS).every(
      ([name, pick]) => !query.has(name) || pick(event) === query.get(name),
    );
    if (isWanted) found.push(view(event));
  }
  return json(200, found);
}

function show({ director, params }: RequestContext): HttpReply {
  const event = director.slot.value.events.find(({ id }) => String(id) === params.id);
  return event === undefined ? text(404, "Event not found") : json(200, view(event));
}

/** Records an event that a client sends, such as an alert of the health monitor. */
function create(context: RequestContext): HttpReply {
  const { director, caller } = context;
  const body = jsonObject(context);
  if (body === undefined) return brokenReply;
  const { action, object_type: type, object_name: name } = body;
  if (isNil(action) || isNil(type) || isNil(name))
    throw new DirectorError(40000, "Action, object_type, object_name are required");
  if (!isNil(body.context) && !isHash(body.context)) throw new DirectorError(40000, "Context must be a hash");
  const optional = (key: string): string | null => (isNil(body[key]) ? null : String(body[key]));
  const given = optional("timestamp");
  const timestamp = given === null ? undefined : timeOf(given);
  if (given !== null && timestamp === undefined) return htmlText(400, `Invalid timestamp parameter: '${given}' `);
  audit(director, caller.user, {
    action: String(action),
    type: String(type),
    name: String(name),
    deployment: optional("deployment"),
    instance: optional("instance"),
    error: optional("error"),
    context: asFields(body.context),
    ...(timestamp !== undefined && { timestamp }),
  });
  return emptyReply(200);
}

/** The routes of /events. */
export const EVENTS: readonly DirectorRoute[] = [
  route("GET", "/events", { needs: "read_events" }, list),
  route("GET", "/events/:id", {}, show),
  route("POST", "/events", { media: ["application/json"] }, create),
];
