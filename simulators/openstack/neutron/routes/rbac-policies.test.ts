import { beforeEach, describe, expect, it } from "vitest";
import { valueAt } from "../../parity/compare.ts";
import { TwoProjectCloud } from "../../testing.ts";

type Who = "A" | "B" | "admin";

let cloud: TwoProjectCloud;
const ask = (who: Who, method: string, path: string, body?: object) =>
  cloud.call(who as "A", method, "network", path, body);

/** The id of what a project makes. */
async function make(who: Who, path: string, body: object): Promise<string> {
  const reply = await ask(who, "POST", path, body);
  const id = valueAt(reply.body, `$.${Object.keys(body)[0]}.id`);
  if (typeof id !== "string") throw new Error(`${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
  return id;
}

const share = (type: string, id: string, target: string, action = "access_as_shared"): object => ({
  rbac_policy: { object_type: type, object_id: id, action, target_tenant: target },
});

beforeEach(async () => {
  cloud = await TwoProjectCloud.open({ profile: "agents" }, 1);
});

/** What can be shared: type, path, body, who makes it. */
const SHARED: readonly (readonly [string, string, object, Who])[] = [
  ["address_group", "/address-groups", { address_group: { addresses: ["10.0.0.0/24"] } }, "A"],
  ["address_scope", "/address-scopes", { address_scope: { ip_version: 4 } }, "A"],
  ["network", "/networks", { network: {} }, "A"],
  ["qos_policy", "/qos/policies", { policy: { name: "slow" } }, "admin"],
  ["security_group", "/security-groups", { security_group: { name: "web" } }, "A"],
  ["subnetpool", "/subnetpools", { subnetpool: { name: "p", prefixes: ["10.8.0.0/16"] } }, "A"],
];

describe("what is shared", () => {
  it.each(SHARED)("of type %s is seen by its target as long as it is, and changed by nobody else", async (...row) => {
    const [type, path, body, owner] = row;
    const id = await make(owner, path, body);
    const look = async (): Promise<number> => (await ask("B", "GET", `${path}/${id}`)).status;
    expect(await look()).toBe(404);
    const policy = await make(owner, "/rbac-policies", share(type, id, cloud.projectId("B")));
    expect(await look()).toBe(200);
    const change = { [Object.keys(body)[0] ?? ""]: { name: "other" } };
    expect((await ask("B", "PUT", `${path}/${id}`, change)).status).toBe(403);
    expect((await ask(owner, "DELETE", `/rbac-policies/${policy}`)).status).toBe(204);
    expect(await look()).toBe(404);
  });

  it("stays so while its target uses it", async () => {
    const network = await make("A", "/networks", { network: {} });
    const policy = await make("A", "/rbac-policies", share("network", network, cloud.projectId("B")));
    const port = await make("B", "/ports", { port: { network_id: network } });
    expect((await ask("A", "DELETE", `/rbac-policies/${policy}`)).status).toBe(409);
    await ask("B", "DELETE", `/ports/${port}`);
    expect((await ask("A", "DELETE", `/rbac-policies/${policy}`)).status).toBe(204);
  });

  it("leaves its ports' addresses and security to the network's owner", async () => {
    const network = await make("A", "/networks", { network: {} });
    await make("A", "/rbac-policies", share("network", network, cloud.projectId("B")));
    const port = { network_id: network, port_security_enabled: false };
    expect((await ask("B", "POST", "/ports", { port })).status).toBe(403);
    expect((await ask("A", "POST", "/ports", { port })).status).toBe(201);
  });
});

it("a network is external as long as a policy says so", async () => {
  const network = await make("A", "/networks", { network: {} });
  const isExternal = async (): Promise<unknown> =>
    valueAt((await ask("A", "GET", `/networks/${network}`)).body, "$.network.router:external");
  const policy = await make(
    "admin",
    "/rbac-policies",
    share("network", network, cloud.projectId("B"), "access_as_external"),
  );
  expect(await isExternal()).toBe(true);
  await ask("admin", "DELETE", `/rbac-policies/${policy}`);
  expect(await isExternal()).toBe(false);
});
