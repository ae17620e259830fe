import pg from "pg";
import { ask, type Answer, basic, type Description } from "./cloud.ts";

/** Something that was acknowledged. */
export interface Thing {
  readonly kind: Kind;
  readonly id: string;
  /** What a reader must see. */
  value: unknown;
  /** `there`: acknowledged. `maybe`: its removal was asked for, or its creation has no answer. */
  state: "there" | "maybe";
  /** The thing that it belongs to. */
  readonly parent?: Thing;
}

/** A kind of things, by the API that holds them. */
export interface Kind {
  readonly name: string;
  /** The kind that it belongs to. */
  readonly under?: string;
  /** How many there are at most. */
  readonly max: number;
  /** Resolves with what a reader must see once it is acknowledged. Rejects if it is not. */
  create(cloud: Client, id: string, parent: Thing | undefined): Promise<unknown>;
  /** What is there now; undefined for nothing. */
  read(cloud: Client, thing: Thing): Promise<unknown>;
  remove(cloud: Client, thing: Thing): Promise<void>;
}

/** A user of one cloud, with the tokens that it got there. */
export class Client {
  readonly description: Description;
  #openstack: Promise<{ readonly token: string; readonly endpoints: ReadonlyMap<string, string> }> | undefined;
  #director: Promise<string> | undefined;

  constructor(description: Description) {
    this.description = description;
  }

  async openstack(service: string, method: string, path: string, body?: object): Promise<Answer> {
    this.#openstack ??= this.#login();
    const { token, endpoints } = await this.#openstack;
    return ask(method, `${endpoints.get(service)}${path}`, {
      headers: { "x-auth-token": token },
      ...(body && { body }),
    });
  }

  async #login(): Promise<{ readonly token: string; readonly endpoints: ReadonlyMap<string, string> }> {
    const { authUrl, username, password, project } = this.description.openstack;
    const domain = { id: "default" };
    const auth = {
      identity: { methods: ["password"], password: { user: { name: username, domain, password } } },
      scope: { project: { name: project, domain } },
    };
    const { headers, body } = await ask("POST", `${authUrl}/auth/tokens`, { body: { auth } });
    const { token } = body as {
      token: { catalog: { type: string; endpoints: { interface: string; url: string }[] }[] };
    };
    const publicUrl = (endpoints: { interface: string; url: string }[]): string =>
      endpoints.find((each) => each.interface === "public")?.url ?? "";
    return {
      token: String(headers["x-subject-token"]),
      endpoints: new Map(token.catalog.map(({ type, endpoints }) => [type, publicUrl(endpoints)])),
    };
  }

  async director(method: string, path: string, body?: object | string, type?: string): Promise<Answer> {
    const { url, caCert: ca, client, clientSecret, uaaUrl } = this.description.director;
    this.#director ??= ask("POST", `${uaaUrl}/oauth/token`, {
      ca,
      headers: { authorization: basic(client, clientSecret), "content-type": "application/x-www-form-urlencoded" },
      body: "grant_type=client_credentials",
    }).then((answer) => (answer.body as { access_token: string }).access_token);
    const headers = {
      authorization: `bearer ${await this.#director}`,
      ...(type !== undefined && { "content-type": type }),
    };
    return ask(method, `${url}${path}`, { ca, headers, ...(body !== undefined && { body }) });
  }

  /** The broker of a service. */
  broker(service: string, method: string, path: string, body?: object): Promise<Answer> {
    const broker = this.description.brokers.find(({ name }) => name.startsWith(service));
    if (broker === undefined) throw new Error(`no broker for ${service}`);
    const headers = { authorization: basic(broker.username, broker.password), "x-broker-api-version": "2.17" };
    return ask(method, `${broker.url}${path}`, { headers, ...(body && { body }) });
  }
}

/** @throws Error unless the status is one of these */
function expectStatus(answer: Answer, ...statuses: readonly number[]): Answer {
  if (statuses.includes(answer.status)) return answer;
  throw new Error(`${answer.status}: ${JSON.stringify(answer.body).slice(0, 300)}`);
}

/** What an API that was asked for a thing says: undefined for 404. */
const found = (answer: Answer): Answer | undefined => (answer.status === 404 ? undefined : expectStatus(answer, 200));

/** A resource of OpenStack that is created with a name, and shown by its id. */
const resource = (service: string, path: string, member: string, more: object, max: number): Kind => ({
  name: `${service} ${member}`,
  max,
  create: async (cloud, id) => {
    const answer = expectStatus(
      await cloud.openstack(service, "POST", path, { [member]: { name: id, ...more } }),
      200,
      201,
      202,
    );
    return (answer.body as Record<string, { id: string }>)[member]?.id;
  },
  read: async (cloud, { value, id }) => {
    const answer = found(await cloud.openstack(service, "GET", `${path}/${String(value)}`));
    const shown = (answer?.body as Record<string, { id: string; name: string }> | undefined)?.[member];
    return shown?.name === id ? shown.id : undefined;
  },
  remove: async (cloud, { value }) =>
    void expectStatus(await cloud.openstack(service, "DELETE", `${path}/${String(value)}`), 202, 204),
});

const keypair: Kind = {
  name: "compute keypair",
  max: 40,
  create: async (cloud, name) => {
    const answer = expectStatus(
      await cloud.openstack("compute", "POST", "/os-keypairs", { keypair: { name } }),
      200,
      201,
    );
    return (answer.body as { keypair: { fingerprint: string } }).keypair.fingerprint;
  },
  read: async (cloud, { id }) => {
    const answer = found(await cloud.openstack("compute", "GET", `/os-keypairs/${id}`));
    return (answer?.body as { keypair: { fingerprint: string } } | undefined)?.keypair.fingerprint;
  },
  remove: async (cloud, { id }) =>
    void expectStatus(await cloud.openstack("compute", "DELETE", `/os-keypairs/${id}`), 202, 204),
};

const object: Kind = {
  name: "object",
  max: 40,
  create: async (cloud, id) => {
    await cloud.openstack("object-store", "PUT", "/survival");
    expectStatus(await cloud.openstack("object-store", "PUT", `/survival/${id}`, { id }), 201);
    return JSON.stringify({ id });
  },
  read: async (cloud, { id }) => {
    const answer = found(await cloud.openstack("object-store", "GET", `/survival/${id}`));
    return answer && JSON.stringify(answer.body);
  },
  remove: async (cloud, { id }) =>
    void expectStatus(await cloud.openstack("object-store", "DELETE", `/survival/${id}`), 204),
};

const zone: Kind = {
  name: "zone",
  max: 20,
  create: async (cloud, id) => {
    const body = { name: `${id}.example.`, email: "a@example.org" };
    return (expectStatus(await cloud.openstack("dns", "POST", "/v2/zones", body), 201, 202).body as { id: string }).id;
  },
  read: async (cloud, { value }) => {
    const answer = found(await cloud.openstack("dns", "GET", `/v2/zones/${String(value)}`));
    return (answer?.body as { id: string } | undefined)?.id;
  },
  remove: async (cloud, { value }) =>
    void expectStatus(await cloud.openstack("dns", "DELETE", `/v2/zones/${String(value)}`), 202),
};

const config: Kind = {
  name: "director config",
  max: 40,
  create: async (cloud, name) => {
    const body = { name, type: "survival", content: `a: ${name}\n` };
    return (expectStatus(await cloud.director("POST", "/configs", body), 201).body as { id: string }).id;
  },
  read: async (cloud, { value }) => {
    const answer = found(await cloud.director("GET", `/configs/${String(value)}`));
    return (answer?.body as { id: string } | undefined)?.id;
  },
  remove: async (cloud, { value }) =>
    void expectStatus(await cloud.director("DELETE", `/configs/${String(value)}`), 204),
};

const service: Kind = {
  name: "Consul service",
  max: 20,
  create: async (cloud, id) => {
    const body = { Node: id, Address: "127.0.0.9", Service: { Service: "survival", ID: id, Port: 4 } };
    expectStatus(await ask("PUT", `${cloud.description.consul.url}/v1/catalog/register`, { body }), 200);
    return "127.0.0.9";
  },
  read: async (cloud, { id }) => {
    const answer = found(await ask("GET", `${cloud.description.consul.url}/v1/catalog/node/${id}`));
    return (answer?.body as { Node: { Address: string } } | null | undefined)?.Node.Address;
  },
  remove: async (cloud, { id }) => {
    expectStatus(
      await ask("PUT", `${cloud.description.consul.url}/v1/catalog/deregister`, { body: { Node: id } }),
      200,
    );
  },
};

const POLL_MS = 100;
const OPERATION_MS_MAX = 240_000;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Follows the last operation of an instance to its end. Undefined when the instance is gone. */
async function followOperation(cloud: Client, of: string, path: string): Promise<string | undefined> {
  for (let waited = 0; waited < OPERATION_MS_MAX; waited += POLL_MS) {
    const answer = await cloud.broker(of, "GET", `${path}/last_operation`);
    if (answer.status === 410 || answer.status === 404) return undefined;
    const { state, description } = expectStatus(answer, 200).body as { state: string; description?: string };
    if (state !== "in progress") return state === "failed" ? `failed: ${description}` : state;
    await sleep(POLL_MS);
  }
  return "in progress for too long";
}

/** What is offered: the first plan of a service. */
async function orderOf(cloud: Client, of: string): Promise<{ service_id: string; plan_id: string }> {
  const { services } = (await cloud.broker(of, "GET", "/v2/catalog")).body as {
    services: { id: string; plans: { id: string }[] }[];
  };
  return { service_id: services[0]?.id ?? "", plan_id: services[0]?.plans[0]?.id ?? "" };
}

const query = ({ service_id: s, plan_id: p }: { service_id: string; plan_id: string }): string =>
  `service_id=${s}&plan_id=${p}`;

/** Instances: an acknowledged order is carried out, however often the cloud is killed meanwhile. */
const instance = (of: string, max: number): Kind => ({
  name: `${of} instance`,
  max,
  create: async (cloud, id) => {
    const order = await orderOf(cloud, of);
    const path = `/v2/service_instances/${id}?accepts_incomplete=true`;
    const body = { ...order, organization_guid: "o", space_guid: "s", context: { platform: "cloudfoundry" } };
    expectStatus(await cloud.broker(of, "PUT", path, body), 201, 202);
    return "succeeded";
  },
  read: async (cloud, { id }) => {
    const state = await followOperation(cloud, of, `/v2/service_instances/${id}`);
    if (state !== "succeeded") return state;
    const { status } = await cloud.broker(of, "GET", `/v2/service_instances/${id}`);
    return status === 404 ? undefined : state;
  },
  remove: async (cloud, { id }) => {
    const path = `/v2/service_instances/${id}`;
    expectStatus(
      await cloud.broker(of, "DELETE", `${path}?accepts_incomplete=true&${query(await orderOf(cloud, of))}`),
      200,
      202,
      410,
      422,
    );
  },
});

interface Credentials {
  readonly host: string;
  readonly hosts?: readonly string[];
  readonly port: number;
  readonly username: string;
  readonly password: string;
  readonly database?: string;
  readonly uri: string;
}

/** A binding whose login works, with a row that was committed through it. */
const binding: Kind = {
  name: "postgresql binding and row",
  under: "postgresql instance",
  max: 12,
  create: async (cloud, id, parent) => {
    if (parent === undefined) throw new Error("it has no instance");
    if ((await followOperation(cloud, "postgresql", `/v2/service_instances/${parent.id}`)) !== "succeeded")
      throw new Error("not ready");
    const path = `/v2/service_instances/${parent.id}/service_bindings/${id}`;
    const answer = expectStatus(
      await cloud.broker("postgresql", "PUT", path, await orderOf(cloud, "postgresql")),
      200,
      201,
    );
    const { credentials } = answer.body as { credentials: Credentials };
    await withLogin(cloud, credentials, async (client) => {
      await client.query("create table if not exists kept (id text primary key)");
      await client.query("insert into kept values ($1)", [id]);
    });
    return credentials;
  },
  read: async (cloud, { id, value, parent }) => {
    const answer = found(
      await cloud.broker("postgresql", "GET", `/v2/service_instances/${parent?.id}/service_bindings/${id}`),
    );
    if (answer === undefined) return undefined;
    const rows = await withLogin(
      cloud,
      value as Credentials,
      async (client) => (await client.query("select id from kept where id = $1", [id])).rows,
    );
    return rows.length === 1 ? value : `${rows.length} rows`;
  },
  remove: async (cloud, { id, parent }) => {
    const path = `/v2/service_instances/${parent?.id}/service_bindings/${id}?${query(await orderOf(cloud, "postgresql"))}`;
    expectStatus(await cloud.broker("postgresql", "DELETE", path), 200, 410);
  },
};

async function withLogin<T>(
  cloud: Client,
  { host, port, username: user, password, database }: Credentials,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({
    host: await addressOf(cloud, host),
    port,
    user,
    password,
    database,
    connectionTimeoutMillis: 60_000,
  });
  client.on("error", () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}

/** The address of a name of Consul, over its HTTP API: `a-node.node.dc1.consul`, `a-service.service.dc1.consul`. */
async function addressOf(cloud: Client, host: string): Promise<string> {
  if (/^[\d.]+$/.test(host)) return host;
  const [name = "", what] = host.split(".");
  const path = what === "node" ? `/v1/catalog/node/${name}` : `/v1/catalog/service/${name}`;
  const { body } = await ask("GET", `${cloud.description.consul.url}${path}`);
  const address = Array.isArray(body)
    ? (body[0] as { ServiceAddress: string; Address: string } | undefined)
    : (body as { Node: { Address: string; ServiceAddress?: string } } | null)?.Node;
  return address?.ServiceAddress || address?.Address || host;
}

/** Everything that is created under load. */
export const KINDS: readonly Kind[] = [
  resource("network", "/v2.0/networks", "network", {}, 30),
  resource("network", "/v2.0/security-groups", "security_group", {}, 30),
  resource("volumev3", "/volumes", "volume", { size: 1 }, 30),
  keypair,
  object,
  zone,
  config,
  service,
  instance("redis", 6),
  instance("postgresql", 4),
  binding,
];
