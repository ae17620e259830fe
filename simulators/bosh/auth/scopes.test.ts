import { describe, expect, it } from "vitest";
import { isPermitted, type Permission, teamScopes } from "./scopes.ts";

const UUID = "abc";
const can = (permission: Permission, ...scopes: string[]): boolean =>
  isPermitted({ user: "u", scopes }, permission, UUID);

describe("scopes", () => {
  const cases: readonly (readonly [Permission, readonly string[], readonly string[]])[] = [
    ["anybody", ["nothing"], []],
    ["admin", ["bosh.admin", "bosh.abc.admin"], ["bosh.read", "bosh.xyz.admin", "bosh.teams.a.admin"]],
    ["read", ["bosh.admin", "bosh.read", "bosh.abc.read"], ["bosh.teams.a.read", "bosh.xyz.read"]],
    ["create_deployment", ["bosh.admin", "bosh.teams.a.admin"], ["bosh.read", "bosh.teams.a.read"]],
    ["update_configs", ["bosh.admin", "bosh.teams.a.admin"], ["bosh.read", "bosh.teams.a.read"]],
    ["list_configs", ["bosh.read", "bosh.teams.a.read", "bosh.teams.a.admin"], ["other"]],
    ["list_deployments", ["bosh.read", "bosh.teams.a.admin"], ["bosh.teams.a.read"]],
    ["list_tasks", ["bosh.read", "bosh.teams.a.admin"], ["bosh.teams.a.read"]],
    ["read_events", ["bosh.read", "bosh.teams.a.read"], ["bosh.releases.upload"]],
    ["upload_releases", ["bosh.admin", "bosh.releases.upload"], ["bosh.stemcells.upload", "bosh.read"]],
    ["upload_stemcells", ["bosh.admin", "bosh.stemcells.upload"], ["bosh.releases.upload", "bosh.read"]],
  ];
  it.each(cases)("permit %s to %j and not to %j", (permission, yes, no) => {
    expect(yes.filter((scope) => !can(permission, scope))).toEqual([]);
    expect(no.filter((scope) => can(permission, scope))).toEqual([]);
  });

  it("of a team let its admins change, and its readers see, what belongs to the team", () => {
    expect(teamScopes(["a"], "admin", UUID)).toEqual(["bosh.admin", "bosh.abc.admin", "bosh.teams.a.admin"]);
    expect(teamScopes(["a"], "read", UUID)).toEqual([
      "bosh.admin",
      "bosh.abc.admin",
      "bosh.teams.a.admin",
      "bosh.teams.a.read",
      "bosh.read",
      "bosh.abc.read",
    ]);
  });
});
