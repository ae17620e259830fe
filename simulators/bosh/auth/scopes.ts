/** What a caller may do: a user name and the scopes that hold (director-api contract §2). */
export interface Caller {
  readonly user: string;
  readonly scopes: readonly string[];
}

export type Permission =
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
  | "upload_releases"
  | "upload_stemcells";

const TEAM = /^bosh\.teams\.([^.]+)\.(admin|read)$/;

/** Teams of which the caller is an admin. */
export const teamsOf = (caller: Caller): readonly string[] =>
  caller.scopes.flatMap((scope) => {
    const match = TEAM.exec(scope);
    return match?.[2] === "admin" ? [match[1] as string] : [];
  });

/** The scopes of which any one is enough. `<team>` scopes stand for any team. */
export function scopesFor(permission: Permission, uuid: string): readonly string[] {
  const admin = ["bosh.admin", `bosh.${uuid}.admin`];
  const read = [...admin, "bosh.read", `bosh.${uuid}.read`];
  switch (permission) {
    case "admin":
      return admin;
    case "read":
      return read;
    case "create_deployment":
    case "update_configs":
      return [...admin, "bosh.teams.*.admin"];
    case "read_releases":
    case "read_stemcells":
    case "list_deployments":
    case "list_tasks":
      return [...read, "bosh.teams.*.admin"];
    case "read_events":
    case "list_configs":
      return [...read, "bosh.teams.*.admin", "bosh.teams.*.read"];
    case "upload_releases":
      return [...admin, "bosh.releases.upload"];
    case "upload_stemcells":
      return [...admin, "bosh.stemcells.upload"];
  }
}

const matches = (wanted: string, scope: string): boolean =>
  wanted.includes("*") ? TEAM.test(scope) && scope.endsWith(wanted.slice(wanted.lastIndexOf("."))) : wanted === scope;

export const holdsAny = (caller: Caller, wanted: readonly string[]): boolean =>
  wanted.some((each) => caller.scopes.some((scope) => matches(each, scope)));

/** Scopes for what belongs to teams: a deployment, its task. */
export function teamScopes(teams: readonly string[], access: "admin" | "read", uuid: string): readonly string[] {
  const own = teams.flatMap((team) =>
    access === "admin" ? [`bosh.teams.${team}.admin`] : [`bosh.teams.${team}.admin`, `bosh.teams.${team}.read`],
  );
  return [...scopesFor(access, uuid), ...own];
}
