import { Resolver } from "node:dns/promises";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { connect as connectTls } from "node:tls";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addressPlan, DIRECTOR_PORT, OPENSTACK_PORTS } from "../../simulators/addresses.ts";
import { claimBlock } from "../../simulators/live/block.ts";
import { whyNoServer } from "../../simulators/live/sockets.ts";
import { followOperation } from "../story/customer.ts";
import { type BindingCredentials, osbClient } from "../clients/osb.ts";
import type { Environment } from "../../simulators/environment.ts";
import { bootCloud, type Cloud } from "./cloud.ts";

const whyNot = await whyNoServer();
if (whyNot !== undefined) process.stderr.write(`skipped: a live data service: ${whyNot}\n`);

/** A generous limit: many tests run side by side on few processors. */
const BOOTS_MS_MAX = 900_000;
/** An address that no rule admits. */
const UNADMITTED = "127.0.0.9";
const INSTANCE = "/v2/service_instances/live-1";
const BINDING = `${INSTANCE}/service_bindings/binding-1`;

describe("a cloud on sockets", { timeout: BOOTS_MS_MAX }, () => {
  let cloud: Cloud;
  const reported: unknown[] = [];

  beforeAll(async () => {
    cloud = await bootCloud({ seed: 7, services: ["postgresql"], report: (error) => reported.push(error) });
  }, BOOTS_MS_MAX);
  afterAll(async () => {
    await cloud.close();
    expect(reported).toEqual([]);
  });

  it("has a broker that its platform reaches by address and, through DNS, by name", async () => {
    const [broker] = cloud.description.brokers;
    const { hostname } = new URL(broker?.consulUrl ?? "");
    const [host, port] = cloud.description.dns.address.split(":");
    const resolver = new Resolver();
    resolver.setServers([`${host}:${port}`]);
    expect(await resolver.resolve4(hostname)).toEqual([new URL(broker?.url ?? "").hostname]);
    expect(cloud.resolve(hostname)).toBe(new URL(broker?.url ?? "").hostname);
  });

  it("refuses another cloud in its block", async () => {
    const taken = bootCloud({ block: cloud.description.block });
    await expect(taken).rejects.toMatchObject({ code: "LIVE_PORT_TAKEN" });
  });

  it("releases every address when one of its ports is taken, and when it is closed", async () => {
    const block = await freeBlock();
    const { director, controller } = addressPlan(block);
    const squatter = createServer().listen(DIRECTOR_PORT, director);
    await once(squatter, "listening");
    const booted = bootCloud({ block, services: ["redis"] });
    await expect(booted).rejects.toMatchObject({
      code: "LIVE_PORT_TAKEN",
      message: expect.stringContaining(`director: ${director}:${DIRECTOR_PORT} is taken`) as string,
    });
    expect(await refusalOf(controller, OPENSTACK_PORTS.keystone, "127.0.0.1")).toBe("ECONNREFUSED");
    squatter.close();
    const other = await bootCloud({ block, services: ["redis"] });
    await other.close();
    for (const url of [other.description.director.url, other.description.brokers[0]?.url ?? ""]) {
      const { hostname, port } = new URL(url);
      expect(await refusalOf(hostname, Number(port), "127.0.0.1")).toBe("ECONNREFUSED");
    }
  });

  it("guards the platform's VMs according to their security groups", async () => {
    const { hostname, port } = new URL(cloud.description.director.url);
    await expect(handshake(hostname, Number(port))).resolves.toBeUndefined();
    expect(await refusalOf(hostname, Number(port), UNADMITTED)).toMatch(/ECONNRESET|EPIPE/);
  });

  it("starts a broker again at its address after a crash", async () => {
    const [broker] = cloud.brokers.list();
    cloud.brokers.restart("postgresql");
    await cloud.brokers.ready();
    const response = await fetch(`${cloud.description.brokers[0]?.url}/v2/catalog`, { headers: headersOf(broker) });
    expect(response.status).toBe(200);
  });

  it("can be controlled over HTTP", async () => {
    const { control, laws } = cloud.description;
    const headers = { authorization: `Bearer ${control.token}`, "content-type": "application/json" };
    expect(await (await fetch(laws, { headers })).json()).toEqual({ broken: [] });
    const rule = { point: "nova:GET /servers", count: 1, effect: { kind: "reply", status: 503 } };
    const armed = await fetch(`${control.url}/faults`, { method: "POST", headers, body: JSON.stringify(rule) });
    expect(armed.status).toBe(201);
    await fetch(`${control.url}/faults`, { method: "DELETE", headers });
  });

  it("obeys nobody without its token", async () => {
    const { control, laws } = cloud.description;
    for (const authorization of ["", "Bearer wrong", `Basic ${btoa(`admin:${control.token}`)}`]) {
      const answer = await fetch(laws, { headers: { authorization } });
      expect([answer.status, answer.headers.get("www-authenticate")]).toEqual([401, 'Bearer realm="drydock"']);
    }
  });

  describe.skipIf(whyNot !== undefined)("with a live data service", () => {
    let client: ReturnType<typeof osbClient>;
    let environment: Environment;
    let ids: { service_id: string; plan_id: string };
    let binding: BindingCredentials;
    let address: string;

    const ends = (path: string): Promise<string> => followOperation(environment, client, path);
    const send = async (method: string, path: string, body?: unknown): Promise<Readonly<Record<string, unknown>>> => {
      const answer = await client.send(method, path, body);
      if (answer.kind === "unknown") throw new Error(answer.reason);
      expect(answer.status, `${method} ${path}: ${JSON.stringify(answer.body)}`).toBeLessThan(300);
      return answer.body;
    };
    const query = (sql: string, login: Partial<pg.ClientConfig> = {}): Promise<unknown[]> =>
      using({ host: address, port: binding.port, user: binding.username, password: binding.password, ...login }, sql);

    beforeAll(async () => {
      // The wire, not the network in process.
      const { world } = cloud;
      environment = {
        ...world.environmentAt(world.plan.applications),
        fetch: (url, init) => fetch(url, init),
        pace: 0,
      };
      const [broker] = cloud.description.brokers;
      if (broker === undefined) throw new Error("no broker");
      client = osbClient(environment, broker);
      const { services } = (await send("GET", "/v2/catalog")) as {
        services: { id: string; plans: { id: string }[] }[];
      };
      ids = { service_id: services[0]?.id ?? "", plan_id: services[0]?.plans[0]?.id ?? "" };
      const guids = { organization_guid: "o", space_guid: "s" };
      await send("PUT", `${INSTANCE}?accepts_incomplete=true`, { ...ids, ...guids, context: guids });
      expect(await ends(`${INSTANCE}/last_operation`)).toBe("succeeded");
      address = cloud.world.dataservices.instances().find(({ role }) => role === "primary")?.address ?? "";
    });

    it("refuses applications before there is a binding", async () => {
      expect(await refusalOf(address, 5432, "127.0.0.1")).toMatch(/ECONNRESET|EPIPE/);
    });

    it("starts a server at the first connection to a binding's host, which accepts these credentials and no others", async () => {
      await send("PUT", `${BINDING}?accepts_incomplete=true`, ids);
      expect(await ends(`${BINDING}/last_operation`)).toBe("succeeded");
      binding = (await send("GET", BINDING)).credentials as BindingCredentials;
      expect(cloud.resolve(binding.host)).toBe(address);
      expect(cloud.sockets.plane.running).toBe(0);
      const made = "CREATE TABLE ships (name text); INSERT INTO ships VALUES ('Fram'), ('Gauss')";
      await query(made, { database: binding.name });
      expect(cloud.sockets.plane.running).toBe(1);
      await expect(query("SELECT 1", { database: binding.name, password: "wrong" })).rejects.toThrow(/password/);
      await expect(query("SELECT 1", { database: "postgres" })).rejects.toMatchObject({ code: "28000" });
    });

    it("refuses addresses that data guard has not admitted", async () => {
      expect(await refusalOf(address, 5432, UNADMITTED)).toMatch(/ECONNRESET|EPIPE/);
    });

    it("restores what was backed up", async () => {
      const backup = await send("POST", `${INSTANCE}/extensions/backup/backups`);
      await awaitSuccess(() => send("GET", `${INSTANCE}/extensions/backup/backups/${String(backup.id)}`));
      await query("DROP TABLE ships", { database: binding.name });
      const restore = await send("POST", `${INSTANCE}/extensions/backup/backups/${String(backup.id)}/restores`);
      await awaitSuccess(() => send("GET", `${INSTANCE}/extensions/backup/restores/${String(restore.id)}`));
      expect(await query("SELECT name FROM ships ORDER BY 1", { database: binding.name })).toEqual([
        { name: "Fram" },
        { name: "Gauss" },
      ]);
    });

    it("refuses applications again after the unbind, and leaves nothing behind when the instance is gone", async () => {
      const { service_id: service, plan_id: plan } = ids;
      const which = `accepts_incomplete=true&service_id=${service}&plan_id=${plan}`;
      await send("DELETE", `${BINDING}?${which}`);
      expect(await ends(`${BINDING}/last_operation`)).toBe("succeeded");
      expect(await refusalOf(address, 5432, "127.0.0.1")).toMatch(/ECONNRESET|EPIPE/);
      await send("DELETE", `${INSTANCE}?${which}`);
      expect(await ends(`${INSTANCE}/last_operation`)).toBe("succeeded");
      await cloud.sockets.plane.settle();
      expect(cloud.sockets.plane.running).toBe(0);
      expect(cloud.world.findBrokenLaws()).toEqual([]);
    });
  });
});

const headersOf = (login?: { readonly username: string; readonly password: string }): Record<string, string> => ({
  authorization: `Basic ${btoa(`${login?.username}:${login?.password}`)}`,
  "x-broker-api-version": "2.17",
});

/** Finds a block that no cloud takes by default, so that it is still free when this test takes it. */
async function freeBlock(): Promise<string> {
  for (let at = 0; at < 60; at++) {
    const block = `127.${1 + ((process.pid + at) % 60)}`;
    const claimed = await claimBlock(block).catch(() => undefined);
    claimed?.release();
    if (claimed !== undefined) return block;
  }
  throw new Error("no block is free");
}

const REFUSAL_MS_MAX = 60_000;

/** The error code of a failed connection from `source`. A port may reset some time after it has accepted. */
function refusalOf(host: string, port: number, source: string): Promise<string> {
  const socket = connect({ host, port, localAddress: source });
  return new Promise<string>((resolve) => {
    socket.setTimeout(REFUSAL_MS_MAX, () => resolve("open"));
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  }).finally(() => socket.destroy());
}

/** Resolves once the listener has accepted the connection and speaks TLS. */
async function handshake(host: string, port: number): Promise<void> {
  const socket = connectTls({ host, port, rejectUnauthorized: false });
  await once(socket, "secureConnect");
  socket.destroy();
}

async function awaitSuccess(ask: () => Promise<Readonly<Record<string, unknown>>>): Promise<void> {
  const deadlineMs = performance.now() + BOOTS_MS_MAX;
  while (performance.now() < deadlineMs) {
    const { state } = await ask();
    if (state === "succeeded") return;
    if (state === "failed") throw new Error("it failed");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error("it has not ended in time");
}

async function using(config: pg.ClientConfig, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ ...config, ssl: false });
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query(sql)).rows as unknown[];
  } finally {
    await client.end();
  }
}
