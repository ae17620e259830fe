import { expect, it } from "vitest";
import { createWorld } from "drydock-broker-conformance";

it("the first login fails with 503, the second succeeds", async () => {
  const world = createWorld();
  world.kernel.faults.arm({ point: "keystone:POST /v3/auth/tokens", effect: { kind: "reply", status: 503 } });
  const { authUrl, username: name, password } = world.credentials.openstackAdmin;
  const user = { name, password, domain: { id: "default" } };
  const body = JSON.stringify({ auth: { identity: { methods: ["password"], password: { user } } } });
  // The environment of code at this address of the cloud: no socket is opened, and time is virtual.
  const { fetch } = world.environmentAt(world.plan.applications);
  const headers = { "content-type": "application/json" };
  const logIn = () =>
    world.run(async () => (await fetch(`${authUrl}/auth/tokens`, { method: "POST", headers, body })).status);
  expect(await logIn()).toBe(503);
  expect(await logIn()).toBe(201);
});
