/** A caller: a user name and the scopes that it has (docs/discoveries/bosh-director.md, "Scopes"). */
export interface Caller {
  readonly user: string;
  readonly scopes: readonly string[];
}

/** The permission that a route requires of its caller. */
export type Permission =
  /** Any known caller: the handler decides from the subject of the request. */
  | "anybody"
  | "admin"
  | "read"
  | "create_deployment"
  | "update_configs"
  | "list_configs"
  | "read_releases"
  | "read_stemcells"
  | "list_deployments"
  | "list_tasks"
  | "read_events"
  | "read_link"
  | "upload_releases"
  | "upload_stemcells"
  | "list_dynamic_disks"
  | "create_dynamic_disks"
  | "provide_dynamic_disks"
  | "attach_dynamic_disks"
  | "detach_dynamic_disks"
  | "delete_dynamic_disks";

const TEAM = /^bosh\.teams\.([^.]+)\.(admin|read)$/;

/** Teams that the caller administers. */
export const adminTeamsOf = (caller: Caller): readonly string[] =>
  caller.scopes.flatMap((scope) => {
    const [, team = "", role] = TEAM.exec(scope) ?? [];
    return role === "admin" ? [team] : [];
  });

/** Members of any team who also have a permission. */
const TEAM_SHARE: Readonly<Partial<Record<Permission, "admin" | "any">>> = {
  create_deployment: "admin",
  update_configs: "admin",
  read_releases: "admin",
  read_stemcells: "admin",
  list_deployments: "admin",
  list_tasks: "admin",
  read_events: "any",
  read_link: "any",
  list_configs: "any",
};

/** Scopes that permit a single action. */
const OWN_SCOPES: Readonly<Partial<Record<Permission, string>>> = {
  upload_releases: "bosh.releases.upload",
  upload_stemcells: "bosh.stemcells.upload",
  list_dynamic_disks: "bosh.dynamic-disks.list",
  create_dynamic_disks: "bosh.dynamic-disks.create",
  attach_dynamic_disks: "bosh.dynamic-disks.attach",
  detach_dynamic_disks: "bosh.dynamic-disks.detach",
  delete_dynamic_disks: "bosh.dynamic-disks.delete",
};

/** Creating a disk and attaching it at once needs both. */
const PROVIDE_SCOPES = ["bosh.dynamic-disks.create", "bosh.dynamic-disks.attach"];

/** Scopes of which any one suffices, apart from scopes of teams; a refusal names them. */
export function scopesFor(permission: Permission, uuid: string): readonly string[] {
  const admin = ["bosh.admin", `bosh.${uuid}.admin`];
  const own = OWN_SCOPES[permission];
  if (own !== undefined) return [...admin, own];
  if (
    permission === "provide_dynamic_disks" ||
    permission === "admin" ||
    permission === "create_deployment" ||
    permission === "update_configs"
  )
    return admin;
  return [...admin, "bosh.read", `bosh.${uuid}.read`];
}

/** Whether the caller has a permission, by its own scopes or as a member of a team. */
export function isPermitted(caller: Caller, permission: Permission, uuid: string): boolean {
  if (permission === "anybody") return true;
  if (permission === "provide_dynamic_disks" && PROVIDE_SCOPES.every((scope) => caller.scopes.includes(scope)))
    return true;
  const share = TEAM_SHARE[permission];
  const isMember = caller.scopes.some((scope) => {
    const match = TEAM.exec(scope);
    return match !== null && (share === "any" || (share === "admin" && match[2] === "admin"));
  });
  return isMember || hasAnyScope(caller, scopesFor(permission, uuid));
}

/** Whether the caller has at least one of these scopes. */
export const hasAnyScope = (caller: Caller, wanted: readonly string[]): boolean =>
  wanted.some((each) => caller.scopes.includes(each));

/** Scopes for what belongs to teams: a deployment, its task. */
export function teamScopes(teams: readonly string[], access: "admin" | "read", uuid: string): readonly string[] {
  const own = teams.flatMap((team) =>
    access === "admin" ? [`bosh.teams.${team}.admin`] : [`bosh.teams.${team}.admin`, `bosh.teams.${team}.read`],
  );
  const read = access === "read" ? ["bosh.read", `bosh.${uuid}.read`] : [];
  return [...scopesFor("admin", uuid), ...own, ...read];
}
