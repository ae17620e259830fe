import { expect, it } from "vitest";
import type { ReceivedReply } from "../parity/compare.ts";
import { LocalClient } from "../parity/client.ts";

type Body = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** A cloud's Keystone, as its administrator and as whoever has a password. */
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

it("lets a trustee act with the trustor's roles that were delegated, until the trust ends", async () => {
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
  expect((await identity.authenticate("trustee", "pw", scope)).status, "used up").toBe(404);
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
