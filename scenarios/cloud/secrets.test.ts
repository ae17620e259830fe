import { expect, it } from "vitest";
import { createWorld, type World, type WorldOptions } from "../../simulators/world.ts";
import { type OpenStackClient, openStackClient } from "../clients/openstack.ts";
import { orderAndBind } from "../story/customer.ts";
import { inception } from "../story/inception.ts";
import { Brokers } from "./brokers.ts";

type Secrets = Readonly<Record<string, string>>;

/** Secrets that Keystone makes on request: a token, an application credential, keys for EC2. */
async function secretsOfKeystone(world: World): Promise<Secrets> {
  const { credentials, plan } = world;
  const { authUrl, username: name, password, project } = credentials.openstackAdmin;
  const environment = world.environmentAt(plan.applications);
  const domain = { id: "default" };
  const identity = { methods: ["password"], password: { user: { name, domain, password } } };
  const issued = await environment.fetch(`${authUrl}/auth/tokens`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ auth: { identity, scope: { project: { name: project, domain } } } }),
  });
  const { token } = (await issued.json()) as { token: { user: { id: string }; project: { id: string } } };
  const admin: OpenStackClient = await openStackClient(environment, credentials.openstackAdmin);
  const post = async (kind: string, body: Record<string, unknown>): Promise<Record<string, { secret: string }>> =>
    (await admin.call("identity", "POST", `/users/${token.user.id}/${kind}`, body)) as Record<
      string,
      { secret: string }
    >;
  const robot = await post("application_credentials", { application_credential: { name: "robot" } });
  const keys = await post("credentials/OS-EC2", { tenant_id: token.project.id });
  return {
    token: issued.headers.get("x-subject-token") ?? "",
    robot: robot["application_credential"]?.secret ?? "",
    ec2: keys["credential"]?.secret ?? "",
  };
}

/** Digests of passwords in the manifest of a service instance, as the director shows it; there is no password in it. */
async function secretsOfManifest(world: World, deployment: string): Promise<Secrets> {
  const { credentials, plan } = world;
  const { url, client, clientSecret } = credentials.director;
  const headers = { authorization: `Basic ${btoa(`${client}:${clientSecret}`)}` };
  const { fetch } = world.environmentAt(plan.applications);
  const shown = (await (await fetch(`${url}/deployments/${deployment}`, { headers })).json()) as { manifest: string };
  expect(shown.manifest).not.toContain("password:");
  const passwords = [...shown.manifest.matchAll(/password_sha256:\s*"?([^\s",}]+)/g)].map((match) => match[1] ?? "");
  return Object.fromEntries(passwords.map((password, at) => [`manifest ${at}`, password]));
}

/** Every secret that the platform's story produces. */
async function secretsOf(options: WorldOptions): Promise<Secrets> {
  const world = createWorld({ ...options, scramIterations: 1 });
  const brokers = new Brokers(world);
  const secrets = await world.run(async () => {
    await inception(world, { services: ["postgresql"] });
    const [broker] = brokers.list();
    if (broker === undefined) throw new Error("no broker runs");
    const binding = await orderAndBind(world, broker, () => {});
    const { openstackAdmin, cpi, director } = world.credentials;
    return {
      admin: openstackAdmin.password,
      member: cpi.password,
      director: director.clientSecret,
      broker: broker.password,
      operator: broker.operator.password,
      binding: binding.password,
      ...(await secretsOfManifest(world, binding.name ?? "")),
      ...(await secretsOfKeystone(world)),
    };
  });
  await brokers.close();
  return secrets;
}

it("a world draws no secret from its seed if it has a key, and every secret if it has none", async () => {
  const [seeded, again, one, other] = [
    await secretsOf({ seed: 7 }),
    await secretsOf({ seed: 7 }),
    await secretsOf({ seed: 7, secretKey: "one" }),
    await secretsOf({ seed: 7, secretKey: "other" }),
  ];
  expect(again).toEqual(seeded);
  expect(Object.keys(seeded)).toEqual(expect.arrayContaining(["manifest 0", "token", "robot", "ec2"]));
  const all = [seeded, one, other].flatMap((secrets) => Object.values(secrets));
  for (const secret of all) expect(secret.length).toBeGreaterThanOrEqual(32);
  expect(new Set(all).size).toBe(all.length);
});
