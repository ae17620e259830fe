import type { PostgresPool, PostgresPoolClient } from "kysely";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Broker, createBroker } from "./broker.ts";
import { embeddedPool } from "./store/embedded.ts";
import type { InstanceRow } from "./store/schema.ts";
import { openStore } from "./store/store.ts";
import { FakeHost, TEST_CONFIG } from "./testing.ts";

const ID = "5d3b1c10-0000-4000-8000-000000000000";
const IDS = { service_id: ID, plan_id: ID };
const ORDER = { ...IDS, organization_guid: "o", space_guid: "s" };
const READY: InstanceRow = {
  id: "ready",
  plan_id: ID,
  deployment: "d-ready",
  state: "ready",
  owner: "",
  parameters: "{}",
  context: "{}",
  secrets: "",
  address: "",
  version: 1,
  created_ms: 1,
  maintenance: "",
};

/** The beginning of the one statement that stores an operation with everything that it makes. */
const WRITES_AN_ORDER = 'with "opened"';

/** `before`: the statement is not carried out. `after`: it is, and its answer is lost. */
type Moment = "before" | "after";

/** A database that goes away at the next statement of a kind, once for each time that a test says so. */
class MortalPool implements PostgresPool {
  readonly options = {};
  readonly #pool = embeddedPool();
  readonly #deaths: { readonly statement: string; readonly moment: Moment }[] = [];

  dieAt(statement: string, moment: Moment): void {
    this.#deaths.push({ statement, moment });
  }

  async connect(): Promise<PostgresPoolClient> {
    const client = await this.#pool.connect();
    const query = async (text: string, values: readonly unknown[]): Promise<unknown> => {
      const at = this.#deaths.findIndex(({ statement }) => text.startsWith(statement));
      const [death] = at < 0 ? [] : this.#deaths.splice(at, 1);
      if (death?.moment === "before") throw shutdown();
      const result = await client.query(text, values);
      if (death?.moment === "after") throw shutdown();
      return result;
    };
    return { query, release: () => client.release() } as unknown as PostgresPoolClient;
  }

  end(): Promise<void> {
    return this.#pool.end();
  }
}

const shutdown = (): Error =>
  Object.assign(new Error("terminating connection due to administrator command"), { code: "57P01" });

describe("a broker whose database goes away while it accepts an order", () => {
  let broker: Broker;
  let pool: MortalPool;
  let host: FakeHost;
  const begun: string[] = [];
  const reported: unknown[] = [];

  beforeEach(async () => {
    begun.length = 0;
    pool = new MortalPool();
    // Backends that never answer, so that an operation that has begun stays in progress.
    host = new FakeHost(() => new Promise(() => {}));
    const onOperation = (operation: { readonly kind: string }): void => void begun.push(operation.kind);
    broker = await createBroker(TEST_CONFIG, host, { pool, onOperation, report: (error) => reported.push(error) });
    await (await openStore(pool, host)).addInstance(READY);
  });
  afterEach(async () => {
    await broker.stop();
    expect(reported).toEqual([]);
  });

  const ask = async (method: "PUT" | "POST" | "DELETE", url: string, body?: object) => {
    const login = Buffer.from("platform:platform-secret").toString("base64");
    const headers = { authorization: `Basic ${login}`, "x-broker-api-version": "2.17" };
    const reply = await broker.app.inject({ method, url, headers, ...(body && { payload: body }) });
    return { status: reply.statusCode, json: reply.json<Readonly<Record<string, unknown>>>() };
  };

  const ORDERS = [
    ["provision", "PUT", "/v2/service_instances/a?accepts_incomplete=true", ORDER],
    ["bind", "PUT", "/v2/service_instances/ready/service_bindings/b?accepts_incomplete=true", IDS],
    ["backup", "POST", "/v2/service_instances/ready/extensions/backup/backups", undefined],
    [
      "deprovision",
      "DELETE",
      `/v2/service_instances/ready?${String(new URLSearchParams({ ...IDS, accepts_incomplete: "true" }))}`,
      undefined,
    ],
  ] as const;

  it.each(ORDERS)("has not accepted a %s that it could not store", async (_kind, method, url, body) => {
    pool.dieAt(WRITES_AN_ORDER, "before");
    expect(await ask(method, url, body)).toMatchObject({ status: 503, json: { description: expect.any(String) } });
    expect(begun).toEqual([]);
    expect((await ask(method, url, body)).status).toBe(202);
  });

  it.each(ORDERS)("carries out a %s once if its storing was not confirmed", async (kind, method, url, body) => {
    pool.dieAt(WRITES_AN_ORDER, "after");
    expect((await ask(method, url, body)).status).toBe(503);
    await expect.poll(() => begun).toEqual([kind]);
    expect([202, 409]).toContain((await ask(method, url, body)).status);
    expect(begun).toEqual([kind]);
  });
});
