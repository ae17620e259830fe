import { setupServer } from "msw/node";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createWorld, inception } from "drydock-broker-conformance";

const world = createWorld({ time: "wall", pace: "instant" });
const cloud = setupServer();
beforeAll(async () => {
  // Deploys the director, Consul and the platform on the empty cloud; from then on the director answers too.
  await inception(world);
  cloud.use(...world.handlers());
  cloud.listen();
});
afterAll(() => cloud.close());

it("the director answers, and names what is deployed", async () => {
  const { url, client, clientSecret } = world.credentials.director;
  const headers = { authorization: `Basic ${btoa(`${client}:${clientSecret}`)}` };
  const deployments = (await (await fetch(`${url}/deployments`, { headers })).json()) as { name: string }[];
  expect(deployments.map(({ name }) => name)).toContain("postgresql-service");
});
