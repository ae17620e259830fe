import { expect, it } from "vitest";
import type { ReceivedReply } from "../parity/compare.ts";
import { LocalClient } from "../parity/client.ts";
import { TOKEN_LIFE_MS } from "./behaviour/tokens.ts";

type Body = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** A cloud's Keystone, called by its administrator and by anybody with a password. */
class Identity {
  readonly #client = new LocalClient({}, "delegation");
  #admin = "";

  static async open(): Promise<Identity> {
    const identity = new Identity();
    identity.#admin = await identity.#login("admin", "secret", {
      project: { name: "admin", domain: { id: "default" } },
    });
    return identity;
  }

  sleep(ms: number): void {
    this.#client.kernel.advanceBy(ms);
  }

  async call(method: string, path: string, body?: object, token = this.#admin): Promise<ReceivedReply> {
    const bytes = body && Buffer.from(JSON.stringify(body));
    const headers = {
      "X-Auth-Token": token,
      "X-Subject-Token": token,
      ...(bytes && { "Content-Type": "application/json" }),
    };
    return this.#client.send(method, this.#client.authUrl + path, headers, bytes);
  }

  async make(collection: string, member: string, fields: object): Promise<string> {
    const { body } = await this.call("POST", `/${collection}`, { [member]: fields });
    return String((body as Body)[member]?.id);
  }

  authenticate(name: string, password: string, scope: object): Promise<ReceivedReply> {
    const user = { name, password, domain: { id: "default" } };
    return this.call("POST", "/auth/tokens", {
      auth: { identity: { methods: ["password"], password: { user } }, scope },
    });
  }

  async #login(name: string, password: string, scope: object): Promise<string> {
    return (await this.authenticate(name, password, scope)).headers["x-subject-token"] ?? "";
  }

  token = (name: string, scope: object): Promise<string> => this.#login(name, "pw", scope);

  async rolesOf(token: string): Promise<readonly string[]> {
    const { body } = await this.call("GET", "/auth/tokens", undefined, token);
    const roles = ((body as Body).token?.roles ?? []) as readonly { readonly name: string }[];
    return roles.map(({ name }) => name).sort();
  }

  async role(name: string): Promise<string> {
    const { body } = await this.call("GET", `/roles?name=${name}`);
    return (body as { roles: readonly { readonly id: string }[] }).roles[0]?.id ?? "";
  }

  async user(name: string): Promise<string> {
    return this.make("users", "user", { name, password: "pw" });
  }
}

it("lets a trustee act with the roles that the trustor delegated, until the trust ends", async () => {
  const identity = await Identity.open();
  const [project, trustor, trustee] = [
    await identity.make("projects", "project", { name: "p" }),
    await identity.user("trustor"),
    await identity.user("trustee"),
  ];
  for (const name of ["member", "service"])
    await identity.call("PUT", `/projects/${project}/users/${trustor}/roles/${await identity.role(name)}`);
  const own = await identity.token("trustor", { project: { id: project } });
  const wanted = { trustor_user_id: trustor, trustee_user_id: trustee, project_id: project, impersonation: true };
  const trust = { ...wanted, roles: [{ name: "service" }], remaining_uses: 1 };
  const held = await identity.call(
    "POST",
    "/OS-TRUST/trusts",
    { trust: { ...trust, roles: [{ name: "admin" }] } },
    own,
  );
  expect(held.status).toBe(404);
  const made = await identity.call("POST", "/OS-TRUST/trusts", { trust }, own);
  const id = String((made.body as Body).trust?.id);
  const scope = { "OS-TRUST:trust": { id } };
  expect((await identity.authenticate("trustor", "pw", scope)).status).toBe(403);
  const delegated = await identity.token("trustee", scope);
  expect(await identity.rolesOf(delegated)).toEqual(["service"]);
  expect((await identity.authenticate("trustee", "pw", scope)).status, "used up").toBe(401);
  await identity.call("DELETE", `/projects/${project}/users/${trustor}/roles/${await identity.role("service")}`);
  expect((await identity.call("GET", "/auth/tokens", undefined, delegated)).status, "the trustor lost it").toBe(401);
});

it("passes an inherited role on to the projects below, with what it implies", async () => {
  const identity = await Identity.open();
  const parent = await identity.make("projects", "project", { name: "parent" });
  const child = await identity.make("projects", "project", { name: "child", parent_id: parent });
  const user = await identity.user("heir");
  const [chief, clerk] = [
    await identity.make("roles", "role", { name: "chief" }),
    await identity.make("roles", "role", { name: "clerk" }),
  ];
  const grant = `/OS-INHERIT/projects/${parent}/users/${user}/roles/${chief}/inherited_to_projects`;
  expect((await identity.call("PUT", `/roles/${chief}/implies/${clerk}`)).status).toBe(201);
  expect((await identity.call("PUT", grant)).status).toBe(204);
  expect((await identity.authenticate("heir", "pw", { project: { id: parent } })).status, "not on itself").toBe(401);
  const token = await identity.token("heir", { project: { id: child } });
  expect(await identity.rolesOf(token)).toEqual(["chief", "clerk"]);
  const { body } = await identity.call("GET", `/role_assignments?user.id=${user}&effective`);
  expect((body as { role_assignments: readonly object[] }).role_assignments).toHaveLength(2);
  expect((await identity.call("DELETE", grant)).status).toBe(204);
  expect((await identity.call("GET", "/auth/tokens", undefined, token)).status).toBe(401);
});

const HOUR_MS = 3600_000;

/** A user with the role `member` on a project of its own. */
async function member(identity: Identity): Promise<{ readonly user: string; readonly project: string }> {
  const [user, project] = [await identity.user("u"), await identity.make("projects", "project", { name: "p" })];
  await identity.call("PUT", `/projects/${project}/users/${user}/roles/${await identity.role("member")}`);
  return { user, project };
}

const statusOf = async (identity: Identity, token: string): Promise<number> =>
  (await identity.call("GET", "/auth/tokens", undefined, token)).status;

it("lets a token, and any made from it, live for four hours", async () => {
  const identity = await Identity.open();
  const { project } = await member(identity);
  const token = await identity.token("u", { project: { id: project } });
  identity.sleep(TOKEN_LIFE_MS - HOUR_MS);
  const again = await identity.call("POST", "/auth/tokens", {
    auth: { identity: { methods: ["token"], token: { id: token } }, scope: { project: { id: project } } },
  });
  expect(again.status).toBe(201);
  const made = again.headers["x-subject-token"] ?? "";
  identity.sleep(HOUR_MS / 2);
  expect([await statusOf(identity, token), await statusOf(identity, made)]).toEqual([200, 200]);
  identity.sleep(HOUR_MS / 2);
  expect([await statusOf(identity, token), await statusOf(identity, made)]).toEqual([401, 401]);
});

it("ends one token when it is revoked, and no other", async () => {
  const identity = await Identity.open();
  const { project } = await member(identity);
  const scope = { project: { id: project } };
  const [first, second] = [await identity.token("u", scope), await identity.token("u", scope)];
  expect((await identity.call("DELETE", "/auth/tokens", undefined, first)).status).toBe(204);
  expect([await statusOf(identity, first), await statusOf(identity, second)]).toEqual([401, 200]);
});

it("ends a user's tokens when the password changes, but not later ones", async () => {
  const identity = await Identity.open();
  const { user, project } = await member(identity);
  const scope = { project: { id: project } };
  const before = await identity.token("u", scope);
  const change = { user: { original_password: "pw", password: "pw2" } };
  expect(
    (await identity.call("POST", `/users/${user}/password`, { user: { ...change.user, original_password: "x" } }))
      .status,
  ).toBe(401);
  expect((await identity.call("POST", `/users/${user}/password`, change)).status).toBe(204);
  expect(await statusOf(identity, before)).toBe(401);
  const after = (await identity.authenticate("u", "pw2", scope)).headers["x-subject-token"] ?? "";
  expect(await statusOf(identity, after)).toBe(200);
});

it("ends the tokens of a grant that is revoked, and of a project that is disabled", async () => {
  const identity = await Identity.open();
  const { user, project } = await member(identity);
  const other = await identity.make("projects", "project", { name: "other" });
  const role = await identity.role("member");
  await identity.call("PUT", `/projects/${other}/users/${user}/roles/${role}`);
  const [here, there] = [
    await identity.token("u", { project: { id: project } }),
    await identity.token("u", { project: { id: other } }),
  ];
  await identity.call("DELETE", `/projects/${project}/users/${user}/roles/${role}`);
  expect([await statusOf(identity, here), await statusOf(identity, there)]).toEqual([401, 200]);
  await identity.call("PATCH", `/projects/${other}`, { project: { enabled: false } });
  expect(await statusOf(identity, there)).toBe(404);
});

it("scopes a token to the default project if the user can use it, otherwise to nothing", async () => {
  const identity = await Identity.open();
  const { user, project } = await member(identity);
  const logIn = async (): Promise<unknown> => {
    const credentials = { name: "u", password: "pw", domain: { id: "default" } };
    const auth = { identity: { methods: ["password"], password: { user: credentials } } };
    return ((await identity.call("POST", "/auth/tokens", { auth })).body as Body).token?.project;
  };
  expect(await logIn()).toBeUndefined();
  await identity.call("PATCH", `/users/${user}`, { user: { default_project_id: project } });
  expect(await logIn()).toMatchObject({ id: project });
  await identity.call("PATCH", `/projects/${project}`, { project: { enabled: false } });
  expect(await logIn()).toBeUndefined();
});

it("lists projects that a user reaches only by inheritance", async () => {
  const identity = await Identity.open();
  const parent = await identity.make("projects", "project", { name: "parent" });
  const child = await identity.make("projects", "project", { name: "child", parent_id: parent });
  const user = await identity.user("heir");
  const role = await identity.role("member");
  await identity.call("PUT", `/OS-INHERIT/projects/${parent}/users/${user}/roles/${role}/inherited_to_projects`);
  const { body } = await identity.call("GET", `/users/${user}/projects`);
  expect((body as { projects: readonly { id: string }[] }).projects.map(({ id }) => id)).toEqual([child]);
});

it("counts what an implied role implies in turn among the effective assignments", async () => {
  const identity = await Identity.open();
  const { user, project } = await member(identity);
  const [a, b, c] = [
    await identity.make("roles", "role", { name: "a" }),
    await identity.make("roles", "role", { name: "b" }),
    await identity.make("roles", "role", { name: "c" }),
  ];
  for (const [prior, implied] of [
    [a, b],
    [b, c],
  ])
    expect((await identity.call("PUT", `/roles/${prior}/implies/${implied}`)).status).toBe(201);
  await identity.call("PUT", `/projects/${project}/users/${user}/roles/${a}`);
  const { body } = await identity.call("GET", `/role_assignments?user.id=${user}&effective`);
  const held = (body as { role_assignments: readonly { role: { id: string } }[] }).role_assignments.map(
    ({ role }) => role.id,
  );
  expect(new Set(held)).toEqual(new Set([a, b, c, await identity.role("member"), await identity.role("reader")]));
});

it("copes with roles that imply each other, and never implies the administrator's", async () => {
  const identity = await Identity.open();
  const { user, project } = await member(identity);
  const [a, b] = [
    await identity.make("roles", "role", { name: "a" }),
    await identity.make("roles", "role", { name: "b" }),
  ];
  for (const [prior, implied] of [
    [a, b],
    [b, a],
  ])
    expect((await identity.call("PUT", `/roles/${prior}/implies/${implied}`)).status).toBe(201);
  await identity.call("PUT", `/projects/${project}/users/${user}/roles/${a}`);
  expect(await identity.rolesOf(await identity.token("u", { project: { id: project } }))).toEqual([
    "a",
    "b",
    "member",
    "reader",
  ]);
  const { body } = await identity.call("GET", `/role_assignments?user.id=${user}&effective`);
  const held = (body as { role_assignments: readonly { role: { id: string } }[] }).role_assignments.map(
    ({ role }) => role.id,
  );
  expect(new Set(held)).toEqual(new Set([a, b, await identity.role("member"), await identity.role("reader")]));
  expect((await identity.call("PUT", `/roles/${a}/implies/${await identity.role("admin")}`)).status).toBe(403);
  expect((await identity.call("DELETE", `/roles/${a}/implies/${b}`)).status).toBe(204);
  expect((await identity.call("GET", `/roles/${a}/implies/${b}`)).status).toBe(404);
});
