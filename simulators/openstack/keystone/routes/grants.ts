import { empty, type HttpReply } from "../../../kernel/index.ts";
import { Refusal } from "../../refusal.ts";
import { bindRoutes, type RequestContext, type OpenStackRoute } from "../../service.ts";
import type { Keystone } from "../behaviour/tokens.ts";
import { grant, INHERITED, ungrant } from "../state/grants.ts";
import type { KeystoneState } from "../state/state.ts";
import { notFound } from "../wire/errors.ts";
import { collectionReply } from "../wire/links.ts";
import { requireAdmin } from "../wire/policy.ts";
import { roleView } from "./roles.ts";

/** To whom a role is granted. */
type HolderKind = "user" | "group";
/** On what a role is granted. */
type ScopeKind = "project" | "domain" | "system";

/** End of the path of a grant that is inherited. */
export const TO_PROJECTS = "/inherited_to_projects";

/** One family of paths: grants on a kind of scope, or on all that is below it. */
interface GrantPath {
  readonly scope: ScopeKind;
  readonly base: string;
  /** The last part of the path. */
  readonly end: string;
  /** Before the key of the scope. */
  readonly prefix: string;
}

const PATHS: readonly GrantPath[] = [
  { scope: "project", base: "/v3/projects/:target", end: "", prefix: "" },
  { scope: "domain", base: "/v3/domains/:target", end: "", prefix: "" },
  { scope: "system", base: "/v3/system", end: "", prefix: "" },
  { scope: "project", base: "/v3/OS-INHERIT/projects/:target", end: TO_PROJECTS, prefix: INHERITED },
  { scope: "domain", base: "/v3/OS-INHERIT/domains/:target", end: TO_PROJECTS, prefix: INHERITED },
];

/** Grants of roles to users and groups (Identity API v3, "assign role to user on project" and the like). */
export const grantRoutes = (keystone: Keystone): readonly OpenStackRoute[] =>
  PATHS.flatMap((path) =>
    (["user", "group"] as const).flatMap((holder) => {
      const roles = `${path.base}/${holder}s/:who/roles`;
      return bindRoutes(new GrantWork(keystone, path, holder), [
        ["GET", `${roles}/:role${path.end}`, (it, context) => it.check(context)],
        ["PUT", `${roles}/:role${path.end}`, (it, context) => it.create(context)],
        ["DELETE", `${roles}/:role${path.end}`, (it, context) => it.revoke(context)],
        ["GET", roles + path.end, (it, context) => it.list(context)],
      ]);
    }),
  );

/** The handlers of one family of paths, for one kind of holder. */
class GrantWork {
  readonly #keystone: Keystone;
  readonly #path: GrantPath;
  readonly #holder: HolderKind;
  /** Its name in policies. */
  readonly #policy: string;

  constructor(keystone: Keystone, path: GrantPath, holder: HolderKind) {
    this.#keystone = keystone;
    this.#path = path;
    this.#holder = holder;
    this.#policy = path.scope === "system" ? `system_grant_for_${holder}` : "grant";
  }

  get #state(): KeystoneState {
    return this.#keystone.state;
  }

  /** What the path names is looked up for policy, but for grants on the system. @throws Refusal 403, 404 */
  #admit(context: RequestContext, verb: string, policy = this.#policy): void {
    if (this.#path.scope === "system") requireAdmin(context, `${verb}_${policy}`);
    checkExists(this.#state, this.#path.scope, this.#holder, context);
    requireAdmin(context, `${verb}_${policy}`);
  }

  #keys({ params: { who = "", target = "all" } }: RequestContext): { readonly holder: string; readonly scope: string } {
    return { holder: `${this.#holder}:${who}`, scope: `${this.#path.prefix}${this.#path.scope}:${target}` };
  }

  #rolesGranted(context: RequestContext): readonly string[] {
    const { holder, scope } = this.#keys(context);
    return this.#state.grants.get(holder)?.get(scope) ?? [];
  }

  check(context: RequestContext): HttpReply {
    this.#admit(context, "check");
    if (!this.#rolesGranted(context).includes(context.params.role ?? "")) throw notGranted(context);
    return empty(204);
  }

  create(context: RequestContext): HttpReply {
    this.#admit(context, "create");
    const { role = "" } = context.params;
    const { holder, scope } = this.#keys(context);
    grant(this.#state, holder, scope, role);
    context.cloud.kernel.record("keystone", "role.grant", holder, { what: scope, role });
    return empty(204);
  }

  /** Ends the tokens that the holders have for the scope. */
  revoke(context: RequestContext): HttpReply {
    this.#admit(context, "revoke");
    const { role = "", who = "" } = context.params;
    const { holder, scope } = this.#keys(context);
    if (!ungrant(this.#state, holder, scope, role)) throw notGranted(context);
    for (const userId of usersOf(this.#state, this.#holder, who)) this.#keystone.tokens.revokeUser(userId, scope);
    context.cloud.kernel.record("keystone", "role.revoke", holder, { what: scope, role });
    return empty(204);
  }

  list(context: RequestContext): HttpReply {
    this.#admit(context, "list", this.#policy === "grant" ? "grants" : this.#policy);
    const roles = this.#rolesGranted(context).flatMap((id) => this.#state.roles.get(id) ?? []);
    return collectionReply(context, "roles", roles.map(roleView));
  }
}

const usersOf = (state: KeystoneState, holder: HolderKind, id: string): readonly string[] =>
  holder === "user" ? [id] : [...(state.groups.get(id)?.members ?? [])];

function notGranted({ params: { role, who, target = "all" } }: RequestContext): Refusal {
  const where = `user or group: ${who}, project, domain, or system: ${target}`;
  return new Refusal(404, "", `Could not find role assignment with role: ${role}, ${where}.`);
}

function checkExists(state: KeystoneState, scope: ScopeKind, holder: HolderKind, { params }: RequestContext): void {
  const { role, who = "", target = "" } = params;
  if (scope === "domain" && !state.domains.has(target)) throw notFound("domain", target);
  if (role !== undefined && !state.roles.has(role)) throw notFound("role", role);
  if (holder === "user" ? !state.users.has(who) : !state.groups.has(who)) throw notFound(holder, who);
  if (scope === "project" && !state.projects.has(target)) throw notFound("project", target);
}
