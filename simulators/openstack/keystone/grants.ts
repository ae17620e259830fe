import { empty, json } from "../../kernel/index.ts";
import { Refusal } from "../refusal.ts";
import type { Context, OpenStackRoute } from "../service.ts";
import { linked, listing, rootOf } from "./entities.ts";
import { forbiddenAction, notFound } from "./errors.ts";
import { adminOnly, roleView } from "./kinds.ts";
import { grant, INHERITED, type KeystoneSlot, type KeystoneState, ungrant } from "./state.ts";
import { ancestorsOf, domainRef, type Tokens } from "./tokens.ts";

type Side = "user" | "group";
type Target = "project" | "domain" | "system";

const TO_PROJECTS = "/inherited_to_projects";

/** Where grants are made: on something, or on all that is below it. */
interface Place {
  readonly target: Target;
  readonly base: string;
  /** What ends the path. */
  readonly end: string;
  /** Before the key of what is granted on. */
  readonly prefix: string;
}

/** Role grants: PUT, HEAD, GET, DELETE of one, GET of all (Identity API v3, "assign role to user on project" and its kin). */
export function grantRoutes(slot: KeystoneSlot, tokens: Tokens): readonly OpenStackRoute[] {
  const places: readonly Place[] = [
    { target: "project", base: "/v3/projects/:target", end: "", prefix: "" },
    { target: "domain", base: "/v3/domains/:target", end: "", prefix: "" },
    { target: "system", base: "/v3/system", end: "", prefix: "" },
    { target: "project", base: "/v3/OS-INHERIT/projects/:target", end: TO_PROJECTS, prefix: INHERITED },
    { target: "domain", base: "/v3/OS-INHERIT/domains/:target", end: TO_PROJECTS, prefix: INHERITED },
  ];
  const sides: readonly Side[] = ["user", "group"];
  return [
    ...places.flatMap((place) => sides.flatMap((side) => routesOf(slot, tokens, place, side))),
    { method: "GET", path: "/v3/role_assignments", handler: (context) => assignments(slot.value, context) },
  ];
}

function routesOf(
  slot: KeystoneSlot,
  tokens: Tokens,
  { target, base, end, prefix }: Place,
  side: Side,
): readonly OpenStackRoute[] {
  const path = `${base}/${side}s/:who/roles`;
  const policy = target === "system" ? `system_grant_for_${side}` : "grant";
  const keys = (context: Context): { who: string; what: string } => {
    const { who = "", target: on = "all" } = context.params;
    return { who: `${side}:${who}`, what: `${prefix}${target}:${on}` };
  };
  const check = (context: Context): void => {
    adminOnly(context, `check_${policy}`);
    checkExists(slot.value, target, side, context);
    const { who, what } = keys(context);
    if (
      !slot.value.grants
        .get(who)
        ?.get(what)
        ?.includes(context.params.role ?? "")
    )
      throw notGranted(context);
  };
  const get: OpenStackRoute = {
    method: "GET",
    path: `${path}/:role${end}`,
    handler: (context) => {
      check(context);
      return empty(204);
    },
  };
  return [
    get,
    {
      method: "PUT",
      path: `${path}/:role${end}`,
      handler: (context) => {
        adminOnly(context, `create_${policy}`);
        checkExists(slot.value, target, side, context);
        const { who, what } = keys(context);
        grant(slot.value, who, what, context.params.role ?? "");
        context.cloud.kernel.record("keystone", "role.grant", who, { what, role: context.params.role });
        return empty(204);
      },
    },
    {
      method: "DELETE",
      path: `${path}/:role${end}`,
      handler: (context) => {
        adminOnly(context, `revoke_${policy}`);
        checkExists(slot.value, target, side, context);
        const { who, what } = keys(context);
        if (!ungrant(slot.value, who, what, context.params.role ?? "")) throw notGranted(context);
        for (const userId of bearers(slot.value, side, context.params.who ?? "")) tokens.revokeUser(userId, what);
        context.cloud.kernel.record("keystone", "role.revoke", who, { what, role: context.params.role });
        return empty(204);
      },
    },
    {
      method: "GET",
      path: path + end,
      handler: (context) => {
        adminOnly(context, `list_${policy === "grant" ? "grants" : policy}`);
        checkExists(slot.value, target, side, context);
        const { who, what } = keys(context);
        const roles = (slot.value.grants.get(who)?.get(what) ?? []).flatMap((id) => slot.value.roles.get(id) ?? []);
        return listing(
          context,
          "roles",
          roles.map((role) => linked(context, "roles", roleView(role))),
        );
      },
    },
  ];
}

const bearers = (state: KeystoneState, side: Side, id: string): readonly string[] =>
  side === "user" ? [id] : [...(state.groups.get(id)?.members ?? [])];

function notGranted({ params }: Context): Refusal {
  const { role, who, target = "all" } = params;
  const where = `user or group: ${who}, project, domain, or system: ${target}`;
  return new Refusal(404, "", `Could not find role assignment with role: ${role}, ${where}.`);
}

function checkExists(state: KeystoneState, target: Target, side: Side, { params }: Context): void {
  const { role, who = "", target: on = "" } = params;
  if (role !== undefined && !state.roles.has(role)) throw notFound("role", role);
  if (target === "project" && !state.projects.has(on)) throw notFound("project", on);
  if (target === "domain" && !state.domains.has(on)) throw notFound("domain", on);
  if (side === "user" ? !state.users.has(who) : !state.groups.has(who)) throw notFound(side, who);
}

interface Assignment {
  readonly side: Side;
  readonly who: string;
  readonly target: Target;
  readonly on: string;
  readonly roleId: string;
  /** Where it was granted to be inherited from. */
  readonly from?: { readonly target: Target; readonly on: string };
  /** The role that implies this one. */
  readonly prior?: string;
  /** The group that the user has it from. */
  readonly group?: string;
}

function* stored(state: KeystoneState): Generator<Assignment> {
  for (const [key, byTarget] of state.grants) {
    const [side, who] = halves(key) as [Side, string];
    for (const [what, roles] of byTarget) {
      const isInherited = what.startsWith(INHERITED);
      const [target, on] = halves(isInherited ? what.slice(INHERITED.length) : what) as [Target, string];
      const from = isInherited && { from: { target, on } };
      for (const roleId of roles) yield { side, who, target, on, roleId, ...from };
    }
  }
}

const halves = (key: string): [string, string] => {
  const at = key.indexOf(":");
  return [key.slice(0, at), key.slice(at + 1)];
};

function* effective(state: KeystoneState): Generator<Assignment> {
  for (const assignment of stored(state)) {
    const holders =
      assignment.side === "user"
        ? [assignment]
        : [...(state.groups.get(assignment.who)?.members ?? [])].map(
            (who): Assignment => ({ ...assignment, side: "user", who, group: assignment.who }),
          );
    for (const holder of holders)
      for (const place of inheritors(state, holder))
        for (const each of withImplied(state, place)) {
          if (state.roles.get(each.roleId)?.domainId === null) yield each;
        }
  }
}

/** What is granted to be inherited holds on every project below. */
function* inheritors(state: KeystoneState, assignment: Assignment): Generator<Assignment> {
  const { from } = assignment;
  if (from === undefined) return yield assignment;
  for (const project of state.projects.values()) {
    const isBelow =
      from.target === "domain" ? project.domainId === from.on : ancestorsOf(state, project).includes(from.on);
    if (isBelow) yield { ...assignment, target: "project", on: project.id };
  }
}

function* withImplied(state: KeystoneState, assignment: Assignment): Generator<Assignment> {
  yield assignment;
  for (const roleId of state.implied.get(assignment.roleId) ?? [])
    yield* withImplied(state, { ...assignment, roleId, prior: assignment.roleId });
}

/** An option of the query that is given, and not given as false. */
const isOn = (query: URLSearchParams, name: string): boolean =>
  query.has(name) && !["0", "false"].includes((query.get(name) ?? "").toLowerCase());

function assignments(state: KeystoneState, context: Context) {
  const { actor, query } = context;
  if (!actor.isAdmin) throw forbiddenAction("identity:list_role_assignments");
  const source = isOn(query, "effective") ? effective(state) : stored(state);
  const wanted = (name: string, value: string): boolean => !query.has(name) || query.get(name) === value;
  const items = [...source].filter(
    (item) =>
      wanted("user.id", item.side === "user" ? item.who : "") &&
      wanted("group.id", item.side === "group" ? item.who : "") &&
      wanted("role.id", item.roleId) &&
      wanted("scope.project.id", item.target === "project" ? item.on : "") &&
      wanted("scope.domain.id", item.target === "domain" ? item.on : "") &&
      (!query.has("scope.system") || item.target === "system") &&
      (!query.has("scope.OS-INHERIT:inherited_to") || item.from !== undefined),
  );
  return json(200, {
    role_assignments: items.map((item) => assignmentView(state, context, item)),
    links: { next: null, self: context.request.origin + context.request.url, previous: null },
  });
}

function assignmentView(state: KeystoneState, context: Context, item: Assignment): object {
  const names = isOn(context.query, "include_names");
  const root = rootOf(context);
  const granted = item.from ?? item;
  const base = granted.target === "system" ? "system" : `${granted.target}s/${granted.on}`;
  const [above, end] = item.from === undefined ? ["", ""] : ["OS-INHERIT/", TO_PROJECTS];
  const [side, who] = item.group === undefined ? [item.side, item.who] : ["group", item.group];
  const from = item.prior ?? item.roleId;
  const links = {
    assignment: `${root}/${above}${base}/${side}s/${who}/roles/${from}${end}`,
    ...(item.group !== undefined && { membership: `${root}/groups/${item.group}/users/${item.who}` }),
    ...(item.prior !== undefined && { prior_role: `${root}/prior_role/${item.roleId}/implies/${item.prior}` }),
  };
  const holder = item.side === "user" ? state.users.get(item.who) : state.groups.get(item.who);
  return {
    links,
    scope: {
      ...scopeView(state, item, names),
      ...(item.from !== undefined && { "OS-INHERIT:inherited_to": "projects" }),
    },
    [item.side]: {
      id: item.who,
      ...(names && { name: holder?.name ?? "", domain: domainRef(state, holder?.domainId ?? "") }),
    },
    role: { id: item.roleId, ...(names && { name: state.roles.get(item.roleId)?.name ?? "" }) },
  };
}

function scopeView(state: KeystoneState, { target, on }: Assignment, names: boolean): object {
  if (target === "system") return { system: { all: true } };
  if (target === "domain") return { domain: names ? domainRef(state, on) : { id: on } };
  const project = state.projects.get(on);
  if (!names) return { project: { id: on } };
  return { project: { id: on, name: project?.name ?? "", domain: domainRef(state, project?.domainId ?? "") } };
}
