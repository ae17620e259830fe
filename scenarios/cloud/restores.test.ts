import { beforeAll, describe, expect, it } from "vitest";
import { OPENSTACK_PORTS } from "../../simulators/addresses.ts";
import { createWorld, type World } from "../../simulators/world.ts";
import { inception } from "../story/inception.ts";
import { Brokers } from "./brokers.ts";
import { PersistentCustomer, OWNER } from "./testing.ts";

const PATH = "/v2/service_instances/treasure";
const BACKUPS = `${PATH}/extensions/backup/backups`;
const RESTORES = `${PATH}/extensions/backup/restores`;

/** Opens the platform's objects in Swift to a holder of its credentials. */
async function store(world: World): Promise<(method: string, path: string, body?: Uint8Array) => Promise<Uint8Array>> {
  const { fetch } = world.environmentAt(world.plan.applications);
  const { openstackAdmin, cpi } = world.credentials;
  const domain = { id: "default" };
  const user = { name: cpi.username, password: cpi.password, domain };
  const scope = { project: { name: cpi.project, domain } };
  const login = await fetch(`${openstackAdmin.authUrl}/auth/tokens`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ auth: { identity: { methods: ["password"], password: { user } }, scope } }),
  });
  const { token } = (await login.json()) as { token: { project: { id: string } } };
  const account = `http://${world.plan.controller}:${OPENSTACK_PORTS.swift}/v1/AUTH_${token.project.id}`;
  const headers = { "x-auth-token": login.headers.get("x-subject-token") ?? "" };
  return async (method, path, body) => {
    const response = await fetch(`${account}/backups${path}`, {
      method,
      headers,
      ...(body && { body: Buffer.from(body) }),
    });
    expect(response.ok).toBe(true);
    return new Uint8Array(await response.arrayBuffer());
  };
}

describe("a restore", () => {
  let world: World;
  let customer: PersistentCustomer;
  let backup = "";
  let open: () => ReturnType<World["dataservices"]["session"]>;
  let data: ReturnType<typeof open>;

  beforeAll(async () => {
    world = createWorld({ seed: 11, scramIterations: 1, journalEventsMax: 200 });
    const brokers = new Brokers(world);
    await world.run(async () => {
      await inception(world, { services: ["postgresql"] });
      const [broker] = brokers.list();
      if (broker === undefined) throw new Error("no broker has been deployed");
      customer = await PersistentCustomer.of(world, broker);
      await customer.ask("PUT", PATH, OWNER);
      await customer.ask("PUT", `${PATH}/service_bindings/b`, { bind_resource: { app_guid: "app" } });
      const { credentials } = (await customer.askUntilAnswered("GET", `${PATH}/service_bindings/b`)).body as {
        credentials: { host: string; port: number; name: string; username: string; password: string };
      };
      const { host, port, name, username, password } = credentials;
      const login = { database: name, username, password };
      open = () => world.dataservices.session(world.plan.applications, world.dns.resolve(host) ?? "", port, login);
      data = open();
      data.put("coins", "1", { value: "old" });
      backup = (await customer.make(BACKUPS, BACKUPS)).id;
      data.put("coins", "1", { value: "new" });
    });
  });

  const restore = (): Promise<string> =>
    world.run(async () => (await customer.make(`${BACKUPS}/${backup}/restores`, RESTORES)).state);

  const damages: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>> = {
    "changed in one bit": (bytes) => bytes.map((byte, at) => (at === bytes.length >> 1 ? byte ^ 1 : byte)),
    "cut short": (bytes) => bytes.subarray(0, bytes.length - 7),
    "another text": () => Buffer.from("{}"),
  };

  it.each(Object.entries(damages))(
    "of an object that was %s fails and leaves the data alone",
    async (_words, damage) => {
      const objects = await world.run(() => store(world));
      const name = `/treasure/${backup}/0000`;
      const whole = await world.run(() => objects("GET", name));
      await world.run(() => objects("PUT", name, damage(whole)));
      expect(await restore()).toBe("failed");
      expect(data.get("coins", "1")).toEqual({ value: "new" });
      await world.run(() => objects("PUT", name, whole));
    },
  );

  it("of a backup that lacks an object fails, and of a complete backup replaces the data", async () => {
    const objects = await world.run(() => store(world));
    const name = `/treasure/${backup}/0000`;
    const whole = await world.run(() => objects("GET", name));
    expect(Buffer.from(whole).toString("latin1")).not.toContain("old");
    await world.run(() => objects("DELETE", name));
    expect(await restore()).toBe("failed");
    expect(data.get("coins", "1")).toEqual({ value: "new" });
    await world.run(() => objects("PUT", name, whole));
    expect(await restore()).toBe("succeeded");
    // A restore ends the sessions that were open.
    expect(() => data.get("coins", "1")).toThrow(/DS_SESSION_ENDED/);
    expect(open().get("coins", "1")).toEqual({ value: "old" });
  });
});
