import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Redis } from "ioredis";
import { createClient } from "redis";
import Type from "typebox";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseAs } from "../clients/answers.ts";
import { bootCloud, type Cloud } from "./cloud.ts";
import { OWNER, PersistentCustomer } from "./testing.ts";

const run = promisify(execFile);
const PATIENCE_MS = 120_000;
const hasRedisCli = await run("redis-cli", ["--version"]).then(
  () => true,
  () => false,
);
if (!hasRedisCli) process.stderr.write("skipped: redis-cli against a Redis instance: no redis-cli on the PATH\n");

const Bound = Type.Object({
  credentials: Type.Object({
    host: Type.String(),
    port: Type.Number(),
    username: Type.String(),
    password: Type.String(),
    uri: Type.String(),
  }),
});

/** The keys of a binding, and where they lead. */
interface Access {
  readonly address: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
}

describe("Redis as a tenant orders it", { timeout: PATIENCE_MS }, () => {
  let cloud: Cloud;
  let customer: PersistentCustomer;

  const bind = async (instance: string, binding: string): Promise<Access> => {
    const path = `/v2/service_instances/${instance}/service_bindings/${binding}`;
    await customer.ask("PUT", path, { bind_resource: { app_guid: "app" } });
    const { credentials } = parseAs(Bound, (await customer.askUntilAnswered("GET", path)).body, path);
    const { host, port, username, password, uri } = credentials;
    expect(uri).toBe(`redis://${username}:${password}@${host}:${port}/0`);
    expect(credentials).toMatchObject({ valkey: { username, password, port } });
    return { address: cloud.resolve(host) ?? "", port, username, password };
  };
  /** A client on the address of applications, which data guard admits. */
  const connect = async ({ address, port, username, password }: Access): Promise<Redis> => {
    const options = { host: address, port, username, password, localAddress: cloud.world.plan.applications };
    const client = new Redis({ ...options, lazyConnect: true, retryStrategy: () => null });
    const errors: unknown[] = [];
    client.on("error", (error) => errors.push(error));
    // The server's message comes as an event; the promise only learns of the connection's end.
    await client.connect().catch((error: unknown) => Promise.reject(errors[0] ?? error));
    return client;
  };
  let access: Access;
  let client: Redis;

  beforeAll(async () => {
    cloud = await bootCloud({ services: ["redis"] });
    const [broker] = cloud.brokers.list();
    if (broker === undefined) throw new Error("no broker");
    customer = await PersistentCustomer.of(cloud.world, broker);
    await customer.ask("PUT", "/v2/service_instances/cache", OWNER);
    access = await bind("cache", "one");
    client = await connect(access);
  }, PATIENCE_MS);
  afterAll(async () => {
    client.disconnect();
    await cloud.close();
  });

  it("is described by the cloud, with its server", () => {
    const engine = cloud.description.engines.find(({ kind }) => kind === "redis");
    if (engine === undefined || "missing" in engine) throw new Error("nothing serves Redis");
    expect(engine.name).toMatch(/Redis|Valkey/);
    expect(engine.version).toMatch(/^\d+\./);
  });

  it("serves ioredis, node-redis and redis-cli", async () => {
    expect(await client.set("greeting", "hello")).toBe("OK");
    expect(await client.multi().incr("n").incr("n").exec()).toEqual([
      [null, 1],
      [null, 2],
    ]);
    const { address, port, username, password } = access;
    const socket = { host: address, port, localAddress: cloud.world.plan.applications };
    const other = await createClient({ username, password, socket, RESP: 3 }).connect();
    expect(await other.get("greeting")).toBe("hello");
    await other.close();
    if (!hasRedisCli) return;
    const args = ["-h", address, "-p", String(port), "--user", username, "GET", "greeting"];
    const { stdout } = await run("redis-cli", args, { env: { ...process.env, REDISCLI_AUTH: password } });
    expect(stdout).toBe("hello\n");
  });

  it("keeps its credentials to their own instance", async () => {
    await customer.ask("PUT", "/v2/service_instances/other", OWNER);
    const elsewhere = await bind("other", "two");
    expect(elsewhere.address).not.toBe(access.address);
    await expect(connect({ ...access, address: elsewhere.address })).rejects.toThrow("WRONGPASS");
    expect((await connect(elsewhere)).disconnect()).toBeUndefined();
  });

  it("backs up and restores by the broker", async () => {
    const backups = "/v2/service_instances/cache/extensions/backup/backups";
    await client.set("greeting", "before");
    const backup = await customer.make(backups, backups);
    expect(backup.state).toBe("succeeded");
    await client.set("greeting", "after");
    const restores = "/v2/service_instances/cache/extensions/backup/restores";
    expect((await customer.make(`${backups}/${backup.id}/restores`, restores)).state).toBe("succeeded");
    client.disconnect();
    client = await connect(access);
    expect(await client.get("greeting")).toBe("before");
  });

  it("ends the sessions of a binding with it", async () => {
    const going = await bind("cache", "three");
    const session = await connect(going);
    const ended = new Promise((resolve) => session.once("end", resolve));
    await customer.ask("DELETE", "/v2/service_instances/cache/service_bindings/three");
    await ended;
    await expect(connect(going)).rejects.toThrow("WRONGPASS");
    expect(await client.ping()).toBe("PONG");
  });
});
