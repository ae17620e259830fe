import { setupServer } from "msw/node";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createWorld } from "drydock-broker-conformance";

// "wall": simulated work goes on by itself. In a world of the default, virtual time it goes on inside world.run() only.
const world = createWorld({ time: "wall", pace: "instant" });
const cloud = setupServer(...world.handlers());
beforeAll(() => cloud.listen());
afterAll(() => cloud.close());

const send = (method: string, url: string, body?: object, token = "") =>
  fetch(url, {
    method,
    headers: { "Content-Type": "application/json", "X-Auth-Token": token },
    ...(body && { body: JSON.stringify(body) }),
  });

async function logIn(): Promise<{ token: string; volumes: string }> {
  const { authUrl, username: name, password, project } = world.credentials.openstackAdmin;
  const domain = { id: "default" };
  const identity = { methods: ["password"], password: { user: { name, password, domain } } };
  const auth = { identity, scope: { project: { name: project, domain } } };
  const answer = await send("POST", `${authUrl}/auth/tokens`, { auth });
  const { token } = (await answer.json()) as { token: { catalog: { type: string; endpoints: { url: string }[] }[] } };
  const volumes = token.catalog.find(({ type }) => type === "volumev3")?.endpoints[0]?.url ?? "";
  return { token: answer.headers.get("X-Subject-Token") ?? "", volumes };
}

it("a volume becomes available", async () => {
  const { token, volumes } = await logIn();
  const created = await send("POST", `${volumes}/volumes`, { volume: { size: 1 } }, token);
  const { volume } = (await created.json()) as { volume: { id: string } };
  await expect
    .poll(async () => (await send("GET", `${volumes}/volumes/${volume.id}`, undefined, token)).json(), {
      timeout: 20_000,
    })
    .toMatchObject({ volume: { status: "available" } });
});
