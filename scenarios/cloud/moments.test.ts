import { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { IS_WHOLE } from "../../scripts/tests/slice.ts";
import { PersistentCustomer, OWNER } from "./testing.ts";
import { bootCloud, type Cloud } from "./cloud.ts";

/** Limit, in ms, for what takes seconds on an idle machine. */
const PATIENCE_MS = 600_000;
const PATH = "/v2/service_instances/a";
const BACKUPS = `${PATH}/extensions/backup`;

interface Window {
  readonly start_time: string | null;
  readonly end_time: string | null;
}

// In `npm test`, the server's own test restores to moments, and the backup manager's asks for them.
describe.runIf(IS_WHOLE)("a live instance that keeps its log", { timeout: PATIENCE_MS }, () => {
  let cloud: Cloud;
  let customer: PersistentCustomer;
  const ends = new AsyncDisposableStack();
  beforeAll(async () => {
    cloud = await bootCloud({ seed: 3, services: ["postgresql"] });
    ends.defer(() => cloud.close());
    const [broker] = cloud.brokers.list();
    if (broker === undefined) throw new Error("no broker");
    customer = await PersistentCustomer.of(cloud.world, broker);
  }, PATIENCE_MS);
  afterAll(() => ends.disposeAsync());

  /** A socket of the application's own address, which data guard admits. */
  const applicationSocket = (): Socket => {
    const socket = new Socket();
    const connect = socket.connect.bind(socket);
    const localAddress = cloud.world.plan.applications;
    return Object.assign(socket, { connect: (port: number, host: string) => connect({ port, host, localAddress }) });
  };

  const query = async (instance: string, sql: string): Promise<readonly Readonly<Record<string, unknown>>[]> => {
    const binding = `/v2/service_instances/${instance}/service_bindings/b-${instance}`;
    await customer.ask("PUT", binding, { bind_resource: { app_guid: "app" } });
    const { body } = await customer.askUntilAnswered("GET", binding);
    const { host, name, username, password } = body.credentials as Readonly<Record<string, string>>;
    const client = new pg.Client({
      host: cloud.world.dns.resolve(host ?? "") ?? "",
      port: 5432,
      user: username ?? "",
      password: password ?? "",
      database: name ?? "",
      ssl: false,
      stream: applicationSocket,
    });
    client.on("error", () => {});
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows;
    } finally {
      await client.end();
    }
  };
  const window = async (): Promise<Window> =>
    (await customer.askUntilAnswered("GET", `${BACKUPS}/pitr`)).body as unknown as Window;
  const restore = async (instance: string, body: object): Promise<string> => {
    const base = `/v2/service_instances/${instance}/extensions/backup`;
    const ordered = await customer.askUntilAnswered("POST", `${base}/restores`, body);
    if (ordered.status !== 202) return String(ordered.status);
    for (;;) {
      const { body: view } = await customer.askUntilAnswered("GET", `${base}/restores/${String(ordered.body.id)}`);
      if (view.state !== "queued" && view.state !== "running") return String(view.state);
      await sleep(200);
    }
  };

  it("can be restored to a moment, in place and into another instance, but not outside its window", async ({
    skip,
  }) => {
    const missing = await cloud.sockets.plane.prepare("postgresql").then(
      () => undefined,
      (error: unknown) => String(error),
    );
    if (missing !== undefined) return skip(`no PostgreSQL server on this machine: ${missing}`);
    const parameters = { continuous_archiving: true };
    expect(await customer.ask("PUT", PATH, { ...OWNER, parameters })).toBe("succeeded");
    expect(await customer.ask("PUT", "/v2/service_instances/other", OWNER)).toBe("succeeded");
    await query("a", "CREATE TABLE t AS SELECT 1 AS x");
    expect(await window()).toEqual({ start_time: null, end_time: null });
    expect((await customer.make(`${BACKUPS}/backups`, `${BACKUPS}/backups`)).state).toBe("succeeded");
    await sleep(100);
    await query("a", "INSERT INTO t VALUES (2)");
    await sleep(100);
    const between = new Date().toISOString();
    await sleep(100);
    await query("a", "INSERT INTO t VALUES (3)");
    // The backup manager collects the log by itself.
    await expect.poll(async () => ((await window()).end_time ?? "") > between, { timeout: PATIENCE_MS }).toBe(true);
    expect(((await window()).start_time ?? between) < between).toBe(true);
    expect(await restore("a", { restore_to: "2020-01-01T00:00:00Z" })).toBe("422");
    expect(await restore("other", { source_instance_id: "a", restore_to: between })).toBe("succeeded");
    expect(await query("other", "SELECT x FROM t ORDER BY x")).toEqual([{ x: 1 }, { x: 2 }]);
    expect(await query("a", "SELECT x FROM t ORDER BY x")).toEqual([{ x: 1 }, { x: 2 }, { x: 3 }]);
    expect(await restore("a", { restore_to: between })).toBe("succeeded");
    expect(await query("a", "SELECT x FROM t ORDER BY x")).toEqual([{ x: 1 }, { x: 2 }]);
    // No log leads across a restore: a new window begins with the next backup.
    expect(await window()).toEqual({ start_time: null, end_time: null });
    expect(await restore("a", { restore_to: between })).toBe("422");
    for (const path of [PATH, "/v2/service_instances/other"])
      expect(await customer.ask("DELETE", path)).toBe("succeeded");
    expect(cloud.world.findBrokenLaws()).toEqual([]);
  });
});
