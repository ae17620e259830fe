import { afterEach, describe, expect, it } from "vitest";
import { type Broker, createBroker } from "./broker.ts";
import type { BrokerConfig } from "./config.ts";
import { realHost } from "./host.ts";
import { embeddedPool } from "./store/embedded.ts";
import { type Operation, openStore, type Store } from "./store/store.ts";
import { FakeHost, TEST_CONFIG } from "./testing.ts";

const headersOf = ({ username, password }: typeof TEST_CONFIG.admin): Readonly<Record<string, string>> => ({
  authorization: `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`,
  "x-broker-api-version": "2.17",
});

describe("a process with some of the roles", () => {
  let broker: Broker | undefined;
  afterEach(() => broker?.stop());

  const statuses = async (roles: NonNullable<BrokerConfig["roles"]>): Promise<readonly number[]> => {
    broker = await createBroker({ ...TEST_CONFIG, roles }, new FakeHost(), { pool: embeddedPool() });
    const [platform, operator] = [headersOf(TEST_CONFIG.credentials), headersOf(TEST_CONFIG.admin)];
    const requests = [
      ["/health/ready", {}],
      ["/metrics", operator],
      ["/v2/catalog", platform],
      ["/v2/service_instances/a/extensions/backup/backups", platform],
      ["/instances/a/backups", operator],
      ["/operator/audit", operator],
    ] as const;
    const answers: number[] = [];
    for (const [url, headers] of requests) {
      const { statusCode, body } = await broker.app.inject({ url, headers });
      answers.push(body.includes("no such resource") ? 0 : statusCode);
    }
    return answers;
  };

  // 0: there is no such route. 404: there is no such instance.
  it("serves the API of that role, and health", async () => {
    expect(await statuses(["spi", "backup-manager", "guard"])).toEqual([200, 200, 200, 404, 404, 200]);
    expect(await statuses(["spi"])).toEqual([200, 200, 200, 404, 404, 200]);
    // There are no operators' routes at all, and without them no login of operators.
    expect(await statuses(["backup-manager"])).toEqual([200, 200, 0, 404, 404, 401]);
    expect(await statuses(["guard"])).toEqual([200, 200, 0, 0, 401, 401]);
  });

  it("takes over the operations of that role alone", async () => {
    const pool = embeddedPool();
    const shared = { ...pool, isPrivate: false, connect: () => pool.connect(), end: () => pool.end() };
    const open = (): Promise<Store> => openStore(shared, realHost(), -1);
    const dead = await open();
    for (const kind of ["provision", "backup", "restore", "bind"] as const) {
      const operation: Operation = {
        id: kind,
        instance_id: kind,
        binding_id: "",
        kind,
        state: "in progress",
        description: "",
        payload: "{}",
        busy: kind,
        created_ms: 1,
        worker: dead.worker.name,
        fence: 1,
      };
      await dead.openOperation(operation);
    }
    const store = await open();
    expect(await store.takeFree([])).toEqual([]);
    expect((await store.takeFree(["backup", "restore"])).map(({ id }) => id).toSorted()).toEqual(["backup", "restore"]);
    expect((await (await open()).takeFree()).length).toBe(4);
  });
});
