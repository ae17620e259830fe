import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { embeddedPool, type StorePool } from "../../broker/index.ts";
import { findBrokenLaws } from "../../simulators/laws.ts";
import { createWorld, type World } from "../../simulators/world.ts";
import { directorClient } from "../clients/director.ts";
import { osbClient } from "../clients/osb.ts";
import { openStackClient } from "../clients/openstack.ts";
import { recordLaws } from "../laws/records.ts";
import { inception } from "../story/inception.ts";
import { Brokers, type RunningBroker } from "./brokers.ts";
import { OWNER, PersistentCustomer } from "./testing.ts";

const BOOT_MS_MAX = 300_000;

interface Found {
  readonly kind: string;
  readonly subject: string;
  readonly isMended: boolean;
}

describe("reconcile", () => {
  let world: World;
  let brokers: Brokers;
  let broker: RunningBroker;
  let pool: StorePool;
  let customer: PersistentCustomer;

  beforeAll(async () => {
    world = createWorld({ seed: 3, scramIterations: 1, journalEventsMax: 200 });
    pool = embeddedPool();
    brokers = new Brokers(world, { pool: () => pool });
    await world.run(async () => {
      await inception(world, { services: ["postgresql"] });
      const [only] = brokers.list();
      if (only === undefined) throw new Error("no broker has been deployed");
      broker = only;
      customer = await PersistentCustomer.of(world, broker);
      for (const name of ["one", "two"]) {
        expect(await customer.ask("PUT", `/v2/service_instances/${name}`, OWNER)).toBe("succeeded");
        const binding = `/v2/service_instances/${name}/service_bindings/${name}-b`;
        expect(await customer.ask("PUT", binding, { bind_resource: { app_guid: "a" } })).toBe("succeeded");
      }
    });
  }, BOOT_MS_MAX);

  afterAll(() => brokers?.close());

  const run = <T>(work: () => Promise<T>): Promise<T> => world.run(work);
  const reconcile = async (query = ""): Promise<readonly Found[]> => {
    const operator = osbClient(world.environmentAt(world.plan.applications), { ...broker, ...broker.operator });
    const { body } = await customer.askUntilAnswered("POST", `/operator/reconcile${query}`, undefined, operator);
    return (body.differences as readonly Found[]).map(({ kind, subject, isMended }) => ({ kind, subject, isMended }));
  };
  const findBroken = async (): Promise<readonly string[]> =>
    findBrokenLaws(world, recordLaws(await customer.records()));
  const sql = async (statement: string): Promise<void> => {
    const client = await pool.connect();
    await client.query(statement, []);
    client.release();
  };
  const TABLES = ["instances", "bindings", "operations", "backups", "restores", "backup_settings", "quarantines"];
  type Rows = readonly (readonly [table: string, row: Readonly<Record<string, unknown>>])[];
  /** The rows of the management database. */
  const read = async (): Promise<Rows> => {
    const client = await pool.connect();
    const rows: (readonly [string, Readonly<Record<string, unknown>>])[] = [];
    for (const table of TABLES)
      for (const row of (await client.query<Record<string, unknown>>(`select * from ${table}`, [])).rows)
        rows.push([table, row]);
    client.release();
    return rows;
  };
  /** Sets it back to these rows. */
  const write = async (rows: Rows): Promise<void> => {
    const client = await pool.connect();
    for (const table of TABLES) await client.query(`delete from ${table}`, []);
    for (const [table, row] of rows) {
      const places = Object.keys(row).map((_name, at) => `$${at + 1}`);
      await client.query(
        `insert into ${table} (${Object.keys(row).join(", ")}) values (${places.join(", ")})`,
        Object.values(row),
      );
    }
    client.release();
  };
  const deploymentOf = async (id: string): Promise<string> =>
    (await customer.records()).find((record) => record.id === id)?.deployment ?? "";

  it("finds no differences if there are none", () =>
    run(async () => {
      expect(await reconcile()).toEqual([]);
    }));

  it("recreates users that an instance has lost", () =>
    run(async () => {
      const deployment = await deploymentOf("two");
      const { disk = "" } = world.dataservices.instances().find((each) => each.deployment === deployment) ?? {};
      world.dataservices.parts.slot.value.disks.get(disk)?.users.clear();
      const difference = { kind: "user-missing", subject: "two" };
      expect(await reconcile()).toEqual([{ ...difference, isMended: false }]);
      expect(await reconcile("?mend=true")).toEqual([{ ...difference, isMended: true }]);
      expect(await reconcile()).toEqual([]);
      expect(await findBroken()).toEqual([]);
    }));

  it("recreates the record of an instance that the management database has forgotten, closed until it is bound", () =>
    run(async () => {
      const deployment = await deploymentOf("one");
      for (const [table, column] of [
        ["instances", "id"],
        ["bindings", "instance_id"],
        ["operations", "instance_id"],
      ])
        await sql(`delete from ${table} where ${column} = 'one'`);
      const ghost = { kind: "ghost-deployment", subject: deployment };
      const guard = { kind: "guard-left", subject: "one" };
      expect(await reconcile()).toEqual([ghost, guard].map((each) => ({ ...each, isMended: false })));
      expect((await reconcile("?mend=true")).find(({ kind }) => kind === ghost.kind)).toEqual({
        ...ghost,
        isMended: true,
      });
      // Who is connected by the user of the forgotten binding, nobody knows.
      expect(await reconcile()).toEqual([{ kind: "user-left", subject: "one", isMended: false }]);
      const record = (await customer.records()).find(({ id }) => id === "one");
      expect(record).toMatchObject({ deployment, state: "ready", bindings: [] });
      // It is the same instance: it can be bound, and ordered again by its owner.
      expect(await customer.ask("PUT", "/v2/service_instances/one", OWNER)).toBe("succeeded");
      expect(await customer.ask("PUT", "/v2/service_instances/one/service_bindings/again", {})).toBe("succeeded");
      // Only the user of the forgotten binding remains: nobody can say whether it is still needed.
      expect(await findBroken()).toEqual([expect.stringMatching(/^the user .* belongs to no binding$/)]);
    }));

  it("marks an instance whose deployment is gone as broken, and finds what is left of it", () =>
    run(async () => {
      const deployment = await deploymentOf("two");
      const environment = world.environmentAt(world.plan.applications);
      await directorClient(environment, world.credentials.director).remove(deployment);
      expect(await reconcile("?mend=true")).toContainEqual({
        kind: "deployment-missing",
        subject: "two",
        isMended: true,
      });
      expect((await customer.records()).find(({ id }) => id === "two")?.state).toBe("broken");
      expect((await reconcile()).filter(({ kind }) => kind === "deployment-missing")).toEqual([]);
      expect((await reconcile()).map(({ kind }) => kind)).toContain("disk-left");
      expect(await customer.ask("DELETE", "/v2/service_instances/two")).toBe("succeeded");
    }));

  it("mends or lists all that happened since the state to which the management database was set back", () =>
    run(async () => {
      const order = async (method: string, name: string, binding?: string): Promise<void> => {
        const path = `/v2/service_instances/${name}${binding === undefined ? "" : `/service_bindings/${binding}`}`;
        expect(await customer.ask(method, path, binding === undefined ? OWNER : {})).toBe("succeeded");
      };
      const backups = "/v2/service_instances/stays/extensions/backup/backups";
      for (const name of ["stays", "goes"]) await order("PUT", name);
      await order("PUT", "stays", "early");
      const held = await read();
      await order("PUT", "comes");
      await order("DELETE", "goes");
      await order("PUT", "stays", "late");
      await order("DELETE", "stays", "early");
      const { id: backup } = await customer.make(backups, backups);
      const comes = await deploymentOf("comes");
      brokers.kill("postgresql");
      await write(held);
      brokers.restart("postgresql");
      const found = await reconcile("?mend=true");
      const since = found.filter(({ subject }) => !/^(one|two)$/.test(subject));
      expect(since).toEqual(
        expect.arrayContaining([
          { kind: "ghost-deployment", subject: comes, isMended: true },
          { kind: "deployment-missing", subject: "goes", isMended: true },
          { kind: "user-missing", subject: "stays", isMended: true },
          { kind: "user-left", subject: "stays", isMended: false },
          { kind: "objects-left", subject: `stays/${backup}`, isMended: false },
        ]),
      );
      const again = (await reconcile()).filter(({ subject }) => !/^(one|two)$/.test(subject));
      expect(again.map(({ kind, subject }) => `${kind} ${subject}`)).toEqual([
        "user-left stays",
        `objects-left stays/${backup}`,
      ]);
      expect((await customer.records()).find(({ id }) => id === "comes")).toMatchObject({ state: "ready" });
      for (const name of ["comes", "goes", "stays"]) await order("DELETE", name);
    }));

  it("guards ports that lost their group", () =>
    run(async () => {
      const { openstackAdmin, cpi } = world.credentials;
      const cloud = await openStackClient(world.environmentAt(world.plan.applications), { ...openstackAdmin, ...cpi });
      const groups = (await cloud.call("network", "GET", "/security-groups?name=guard_one")) as {
        security_groups: { id: string }[];
      };
      const [group] = groups.security_groups;
      const { ports } = (await cloud.call("network", "GET", `/ports?security_groups=${group?.id}`)) as {
        ports: { id: string; security_groups: string[] }[];
      };
      for (const { id, security_groups: all } of ports)
        await cloud.call("network", "PUT", `/ports/${id}`, {
          port: { security_groups: all.filter((each) => each !== group?.id) },
        });
      const difference = { kind: "guard-missing", subject: "one" };
      // Nobody reaches its agent either.
      const silent = { kind: "agent-silent", subject: "one", isMended: false };
      const left = { ...silent, kind: "user-left" };
      expect(await reconcile()).toEqual([{ ...difference, isMended: false }, silent]);
      expect(await reconcile("?mend=true")).toEqual([{ ...difference, isMended: true }, silent]);
      expect(await reconcile()).toEqual([left]);
    }));
});
