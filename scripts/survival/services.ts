import { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { at, type Client, expectStatus, readBody, listAt } from "./client.ts";
import type { Kind } from "./things.ts";

const POLL_MS = 100;
const OPERATION_MS_MAX = 600_000;
const CONNECT_MS_MAX = 120_000;

/** Follows the last operation of an instance to its end. Undefined when the instance is gone. */
async function followOperation(cloud: Client, of: string, path: string): Promise<string | undefined> {
  for (const endMs = performance.now() + OPERATION_MS_MAX; performance.now() < endMs; await sleep(POLL_MS)) {
    const answer = await cloud.broker(of, "GET", `${path}/last_operation`);
    if (answer.status === 410 || answer.status === 404) return undefined;
    const { body } = expectStatus(answer, 200);
    const state = String(at(body, "state"));
    if (state !== "in progress") return state === "failed" ? `failed: ${String(at(body, "description"))}` : state;
  }
  return "in progress for too long";
}

interface Order {
  readonly service_id: string;
  readonly plan_id: string;
}

/** The offer to order: the first plan of a service. */
async function orderOf(cloud: Client, of: string): Promise<Order> {
  const { body } = expectStatus(await cloud.broker(of, "GET", "/v2/catalog"), 200);
  const [service] = listAt(body, "services");
  return { service_id: String(at(service, "id")), plan_id: String(at(service, "plans", 0, "id")) };
}

const queryOf = ({ service_id: service, plan_id: plan }: Order): string => `service_id=${service}&plan_id=${plan}`;

/** Instances: an acknowledged order is carried out, however often the cloud is killed meanwhile. */
export const instance = (of: string, max: number): Kind => ({
  name: `${of} instance`,
  max,
  create: async (cloud, id) => {
    const path = `/v2/service_instances/${id}?accepts_incomplete=true`;
    const body = { ...(await orderOf(cloud, of)), organization_guid: "o", space_guid: "s" };
    expectStatus(await cloud.broker(of, "PUT", path, { ...body, context: { platform: "cloudfoundry" } }), 201, 202);
    return "succeeded";
  },
  read: async (cloud, { id }) => {
    const state = await followOperation(cloud, of, `/v2/service_instances/${id}`);
    if (state !== "succeeded") return state;
    return readBody(await cloud.broker(of, "GET", `/v2/service_instances/${id}`)) === undefined ? undefined : state;
  },
  remove: async (cloud, { id }) => {
    const query = queryOf(await orderOf(cloud, of));
    const path = `/v2/service_instances/${id}?accepts_incomplete=true&${query}`;
    expectStatus(await cloud.broker(of, "DELETE", path), 200, 202, 410, 422);
  },
});

/** A binding whose login works, with a row that was committed through it. */
export const binding: Kind = {
  name: "binding with a row",
  under: "postgresql instance",
  max: 12,
  create: async (cloud, id, parent) => {
    const path = `/v2/service_instances/${parent?.id}`;
    const state = await followOperation(cloud, "postgresql", path);
    if (state !== "succeeded") throw new Error(`the instance is ${state}`);
    const order = await orderOf(cloud, "postgresql");
    const answer = await cloud.broker("postgresql", "PUT", `${path}/service_bindings/${id}`, order);
    const credentials = at(expectStatus(answer, 200, 201).body, "credentials");
    await withLogin(cloud, credentials, async (client) => {
      await client.query("create table if not exists kept (id text primary key)");
      await client.query("insert into kept values ($1)", [id]);
    });
    return credentials;
  },
  read: async (cloud, { id, value, parent }) => {
    const path = `/v2/service_instances/${parent?.id}/service_bindings/${id}`;
    if (readBody(await cloud.broker("postgresql", "GET", path)) === undefined) return undefined;
    const query = (client: pg.Client) => client.query("select id from kept where id = $1", [id]);
    const { rows } = await withLogin(cloud, value, query);
    return rows.length === 1 ? value : `${rows.length} rows`;
  },
  remove: async (cloud, { id, parent }) => {
    const query = queryOf(await orderOf(cloud, "postgresql"));
    const path = `/v2/service_instances/${parent?.id}/service_bindings/${id}?${query}`;
    expectStatus(await cloud.broker("postgresql", "DELETE", path), 200, 410);
  },
};

async function withLogin<T>(cloud: Client, login: unknown, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    host: await addressOf(cloud, String(at(login, "host"))),
    port: Number(at(login, "port")),
    user: String(at(login, "username")),
    password: String(at(login, "password")),
    database: String(at(login, "database")),
    connectionTimeoutMillis: CONNECT_MS_MAX,
    stream: () => socketFrom(cloud.description.applications),
  });
  client.on("error", () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}

/** A socket that connects from this address. */
function socketFrom(localAddress: string): Socket {
  const socket = new Socket();
  const open = socket.connect.bind(socket);
  const connect = (port: number, host: string): Socket => open({ port, host, localAddress });
  return Object.defineProperty(socket, "connect", { value: connect });
}

/** The address of a name of Consul, over its HTTP API: `a-node.node.dc1.consul`, `a-service.service.dc1.consul`. */
async function addressOf(cloud: Client, host: string): Promise<string> {
  if (/^[\d.]+$/.test(host)) return host;
  const [name = "", what] = host.split(".");
  if (what === "node")
    return String(at((await cloud.consul("GET", `/v1/catalog/node/${name}`)).body, "Node", "Address"));
  const { body } = await cloud.consul("GET", `/v1/catalog/service/${name}`);
  return String(at(body, 0, "ServiceAddress") || at(body, 0, "Address"));
}
