import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { IS_WHOLE } from "../../scripts/tests/slice.ts";
import { whyNoServer } from "../../simulators/live/sockets.ts";
import { directorClient } from "../clients/director.ts";
import { openStackClient } from "../clients/openstack.ts";
import { type BindingCredentials, type OsbClient, osbClient } from "../clients/osb.ts";
import { followOperation } from "../story/customer.ts";
import { bootCloud, type Cloud } from "./cloud.ts";

/** In `npm test`, the fail-over of the servers themselves and of the model is tested, and that aliases follow it. */
const whyNot = IS_WHOLE ? await whyNoServer() : "a part of npm run unit:whole";
if (whyNot !== undefined) process.stderr.write(`skipped: fail-over in a cloud: ${whyNot}\n`);

const BOOTS_MS_MAX = 600_000;
const WAIT_MS_MAX = 240_000;
const INSTANCE = "/v2/service_instances/ha-1";
const GUIDS = { organization_guid: "o", space_guid: "s" };

let cloud: Cloud;
let client: OsbClient;
let ids: { readonly service_id: string; readonly plan_id: string };
let binding: BindingCredentials;
const reported: unknown[] = [];

const environment = () => ({ ...cloud.world.environmentAt(cloud.world.plan.applications), fetch, pace: 0 });

async function send(method: string, path: string, body?: unknown): Promise<Readonly<Record<string, unknown>>> {
  const answer = await client.send(method, path, body);
  if (answer.kind === "unknown") throw new Error(answer.reason);
  expect(answer.status, `${method} ${path}: ${JSON.stringify(answer.body)}`).toBeLessThan(300);
  return answer.body;
}

async function order(method: string, path: string, body: unknown): Promise<void> {
  await send(method, `${path}?accepts_incomplete=true`, body);
  expect(await followOperation(environment(), client, `${path}/last_operation`)).toBe("succeeded");
}

/** One statement at the host of the binding, as its name resolves now. */
async function query(sql: string): Promise<readonly Record<string, unknown>[]> {
  const { username: user, password, name: database, port, host } = binding;
  const address = cloud.resolve(host);
  const place = { host: address ?? "", port, ssl: false, connectionTimeoutMillis: 5000, query_timeout: 5000 };
  const session = new pg.Client({ ...place, user, password, database });
  session.on("error", () => {});
  try {
    await session.connect();
    return (await session.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await session.end().catch(() => {});
  }
}

/** Tries until it works; returns how long that took, in ms. */
async function untilItWorks(work: () => Promise<unknown>): Promise<number> {
  const startMs = Date.now();
  for (;;) {
    try {
      await work();
      return Date.now() - startMs;
    } catch (error) {
      if (Date.now() - startMs > WAIT_MS_MAX) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** Writes a row, and expects to find every row written before. */
async function write(row: number): Promise<void> {
  await query(`INSERT INTO rows VALUES (${row})`);
}
const rows = async (): Promise<readonly unknown[]> => (await query("SELECT x FROM rows ORDER BY x")).map(({ x }) => x);

async function whole(): Promise<void> {
  const isWhole = async (): Promise<void> => {
    await query("SELECT 1");
    const groups = [...cloud.world.dataservices.parts.slot.value.clusters.values()];
    const phases = groups.flatMap(({ cluster }) => [...cluster.members.values()].map(({ phase }) => phase)).sort();
    expect(phases).toEqual(["primary", "replica", "replica"]);
  };
  await untilItWorks(isWhole);
}

beforeAll(async () => {
  if (whyNot !== undefined) return;
  cloud = await bootCloud({
    seed: 11,
    services: ["postgresql"],
    analysisMs: 2000,
    report: (error) => reported.push(error),
  });
  const [broker] = cloud.description.brokers;
  if (broker === undefined) throw new Error("no broker");
  client = osbClient(environment(), broker);
  const { services } = (await send("GET", "/v2/catalog")) as {
    services: { id: string; plans: { id: string; name: string }[] }[];
  };
  const plan = services[0]?.plans.find(({ name }) => name === "postgresql-replica-small");
  ids = { service_id: services[0]?.id ?? "", plan_id: plan?.id ?? "" };
  await order("PUT", INSTANCE, { ...ids, ...GUIDS, context: GUIDS });
  await order("PUT", `${INSTANCE}/service_bindings/b1`, ids);
  binding = (await send("GET", `${INSTANCE}/service_bindings/b1`)).credentials as BindingCredentials;
  await untilItWorks(() => query("CREATE TABLE IF NOT EXISTS rows (x int)"));
  await whole();
}, BOOTS_MS_MAX);

afterAll(async () => {
  await cloud?.close();
}, BOOTS_MS_MAX);

it.skipIf(whyNot !== undefined)(
  "a binding of a replica plan finds its rows again after its primary's VM was deleted by the director, and then the next one's in OpenStack",
  async () => {
    const { world } = cloud;
    const operator = world.environmentAt(world.plan.applications);
    const admin = await openStackClient(operator, { ...world.credentials.openstackAdmin, ...world.credentials.cpi });
    const director = directorClient(operator, world.credentials.director);
    const vmOf = (address: string): { readonly cid: string; readonly deployment: string } => {
      for (const { name, instances } of world.bosh.state().deployments.values())
        for (const { vm, ips } of instances)
          if (vm !== null && ips.some(({ ip }) => ip === address)) return { cid: vm.cid, deployment: name };
      throw new Error(`no VM has ${address}`);
    };
    const ways = {
      director: async (address: string): Promise<void> => void (await director.deleteVm(vmOf(address).cid)),
      openstack: async (address: string): Promise<void> =>
        void (await admin.call("compute", "DELETE", `/servers/${vmOf(address).cid}`)),
    };
    const gaps: string[] = [];
    let row = 0;
    for (const [way, kill] of Object.entries(ways)) {
      await write(++row);
      const old = cloud.resolve(binding.host) ?? "";
      await kill(old);
      const gapMs = await untilItWorks(() => write(++row));
      gaps.push(`${way} ${gapMs} ms`);
      expect(cloud.resolve(binding.host)).not.toBe(old);
      expect(await rows()).toEqual(expect.arrayContaining([1, row]));
      // The director recreates the VM, and its node follows the new primary.
      if (way === "director") await whole();
    }
    expect((await rows()).length).toBeGreaterThanOrEqual(4);
    process.stderr.write(`time without a primary, as an application sees it: ${gaps.join(", ")}\n`);
    await order("PUT", `${INSTANCE}/service_bindings/b2`, ids);
    const second = (await send("GET", `${INSTANCE}/service_bindings/b2`)).credentials as BindingCredentials;
    const first = binding;
    binding = second;
    expect(await rows()).toEqual(expect.arrayContaining([1]));
    binding = first;
    expect(reported).toEqual([]);
  },
  BOOTS_MS_MAX,
);
