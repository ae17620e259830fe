import { type ReceivedReply, type Variables, valueAt } from "./compare.ts";
import type { CloudClient } from "./client.ts";
import type { RecordedScenario } from "./recording.ts";

interface Endpoint {
  /** Without the version. */
  readonly root: string;
  /** The base of the paths of steps. */
  readonly base: string;
}

/** Someone with a token, and where the token's catalog says the services are. */
export interface ActorSession {
  readonly token: string;
  readonly endpoints: Readonly<Record<string, Endpoint>>;
}

/** The start of a scenario: its actors, and the values that its steps name. */
export interface PreparedScenario {
  readonly variables: Variables;
  readonly actors: Readonly<Record<string, ActorSession>>;
}

const TYPES: Readonly<Record<string, readonly string[]>> = {
  identity: ["identity"],
  compute: ["compute"],
  volume: ["volumev3", "block-storage", "volume"],
  network: ["network"],
  image: ["image"],
  "object-store": ["object-store"],
  dns: ["dns"],
  "load-balancer": ["load-balancer"],
};
const VERSIONS: Readonly<Record<string, string>> = { identity: "/v3", network: "/v2.0", image: "/v2", dns: "/v2" };

interface CatalogEntry {
  readonly type: string;
  readonly endpoints: readonly { readonly interface: string; readonly url: string }[];
}

function endpointsOf(catalog: readonly CatalogEntry[]): Record<string, Endpoint> {
  const endpoints: Record<string, Endpoint> = {};
  for (const [service, types] of Object.entries(TYPES)) {
    const entry = types.map((type) => catalog.find((one) => one.type === type)).find((one) => one !== undefined);
    const url = entry?.endpoints.find((one) => one.interface === "public")?.url.replace(/\/+$/, "");
    if (url === undefined) continue;
    const root = url.replace(/\/v\d+(\.\d+)?(\/.*)?$/, "");
    const version = VERSIONS[service];
    endpoints[service] = { root, base: version === undefined ? url : root + version };
  }
  return endpoints;
}

/** The prepared contents of the cloud for a scenario: the administrator, the fixtures, its own projects and users. */
export class ScenarioSetup {
  readonly #client: CloudClient;
  readonly #admin: ActorSession;
  readonly #variables: Variables;

  private constructor(client: CloudClient, admin: ActorSession, variables: Variables) {
    this.#client = client;
    this.#admin = admin;
    this.#variables = variables;
  }

  /** Logs the administrator in and creates the fixtures that the services of this cloud can hold. */
  static async prepare(client: CloudClient): Promise<ScenarioSetup> {
    const { session, body } = await login(client, { name: "admin", domain: { id: "default" } }, "secret", {
      name: "admin",
      domain: { id: "default" },
    });
    const variables: Variables = new Map<string, unknown>([
      ["admin.token", session.token],
      ["admin.project", valueAt(body, "$.token.project.id")],
      ["admin.user", valueAt(body, "$.token.user.id")],
      ["admin.user_name", "admin"],
      ["admin.project_name", "admin"],
      ["admin.password", "secret"],
      ["admin.role", valueAt(body, "$.token.roles[name=admin].id")],
    ]);
    for (const [service, { root }] of Object.entries(session.endpoints)) variables.set(`root.${service}`, root);
    const setup = new ScenarioSetup(client, session, variables);
    await setup.#createFixtures();
    return setup;
  }

  async #createFixtures(): Promise<void> {
    const roles = await this.#call("GET", "identity", "/roles");
    for (const name of ["member", "reader"])
      this.#variables.set(`role.${name}`, valueAt(roles, `$.roles[name=${name}].id`));
    await tryFixture(() => this.#createFlavors());
    await tryFixture(() => this.#createImages());
    await tryFixture(() => this.#createNetwork());
  }

  async #createFlavors(): Promise<void> {
    const sizes = [
      ["tiny", 512, 1, 1],
      ["small", 1024, 1, 2],
      ["big", 2048, 2, 10],
      ["huge", 900_000_000, 9999, 1],
    ] as const;
    for (const [name, ram, vcpus, disk] of sizes) {
      const made = await this.#call("POST", "compute", "/flavors", {
        flavor: { name: `rec.${name}`, ram, vcpus, disk },
      });
      this.#variables.set(`flavor.${name}`, valueAt(made, "$.flavor.id"));
    }
  }

  async #createImages(): Promise<void> {
    for (const [variable, name] of [
      ["image", "rec-image"],
      ["image2", "rec-image2"],
    ] as const) {
      const wanted = { name, disk_format: "raw", container_format: "bare", visibility: "public" };
      const id = valueAt(await this.#call("POST", "image", "/images", wanted), "$.id");
      await this.#call("PUT", "image", `/images/${String(id)}/file`, Buffer.alloc(1000, "x"));
      this.#variables.set(variable, id);
    }
  }

  async #createNetwork(): Promise<void> {
    const network = { name: "rec-ext", "router:external": true };
    const id = valueAt(await this.#call("POST", "network", "/networks", { network }), "$.network.id");
    const subnet = { name: "rec-ext-subnet", network_id: id, cidr: "10.254.0.0/16", ip_version: 4, enable_dhcp: false };
    const made = await this.#call("POST", "network", "/subnets", { subnet });
    this.#variables.set("ext", id).set("ext.subnet", valueAt(made, "$.subnet.id"));
  }

  async #call(method: string, service: string, path: string, body?: unknown): Promise<unknown> {
    const isRaw = Buffer.isBuffer(body);
    const type: Record<string, string> =
      body === undefined ? {} : { "Content-Type": isRaw ? "application/octet-stream" : "application/json" };
    const url = `${this.#admin.endpoints[service]?.base ?? ""}${path}`;
    const headers = { "X-Auth-Token": this.#admin.token, Accept: "application/json", ...type };
    const bytes = body === undefined ? undefined : isRaw ? body : Buffer.from(JSON.stringify(body));
    const answer = await this.#client.send(method, url, headers, bytes);
    if (answer.status >= 400) throw new Error(`${method} ${url}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** Creates the projects and users that the scenario mentions. */
  async actorsFor(scenario: RecordedScenario): Promise<PreparedScenario> {
    const text = JSON.stringify(scenario.steps);
    const uniq = this.#client.kernel.random("parity").hex(8);
    const variables: Variables = new Map([...this.#variables, ["uniq", uniq]]);
    const actors: Record<string, ActorSession> = { admin: this.#admin };
    const isNeeded: Readonly<Record<string, boolean>> = {
      A: true,
      R: /"as":"A-reader"|\{\{R\./.test(text),
      B: /"as":"B(-reader)?"|"at":"B"|\{\{B\./.test(text),
      BR: /"as":"B-reader"/.test(text),
    };
    for (const project of ["A", "B"].filter((name) => isNeeded[name])) {
      const name = `rec-${project.toLowerCase()}-${uniq}`;
      const made = await this.#call("POST", "identity", "/projects", { project: { name, domain_id: "default" } });
      variables.set(`${project}.project`, valueAt(made, "$.project.id")).set(`${project}.project_name`, name);
    }
    for (const key of Object.keys(isNeeded).filter((name) => isNeeded[name])) {
      const name = { R: "A-reader", BR: "B-reader" }[key] ?? key;
      actors[name] = await this.#createUser(key, uniq, variables);
    }
    return { variables, actors };
  }

  async #createUser(key: string, uniq: string, variables: Variables): Promise<ActorSession> {
    const home = { R: "A", BR: "B" }[key] ?? key;
    const project = variables.get(`${home}.project`);
    const name = `rec-user-${key.toLowerCase()}-${uniq}`;
    const password = `pw-${this.#client.kernel.random("parity").hex(12)}`;
    const made = await this.#call("POST", "identity", "/users", { user: { name, password, domain_id: "default" } });
    const id = valueAt(made, "$.user.id");
    const role = variables.get(home === key ? "role.member" : "role.reader");
    await this.#call("PUT", "identity", `/projects/${String(project)}/users/${String(id)}/roles/${String(role)}`);
    const { session } = await login(this.#client, { id }, password, { id: project });
    for (const [part, value] of Object.entries({ user: id, user_name: name, password, token: session.token }))
      variables.set(`${key}.${part}`, value);
    return session;
  }
}

/** A service missing from this cloud has no fixtures: the steps that need them will differ. */
async function tryFixture(work: () => Promise<void>): Promise<void> {
  await work().catch(() => undefined);
}

async function login(
  client: CloudClient,
  user: object,
  password: string,
  project: object,
): Promise<{ session: ActorSession; body: unknown }> {
  const identity = { methods: ["password"], password: { user: { ...user, password } } };
  const body = Buffer.from(JSON.stringify({ auth: { identity, scope: { project } } }));
  const headers = { "Content-Type": "application/json", Accept: "application/json" };
  const answer: ReceivedReply = await client.send("POST", `${client.authUrl}/auth/tokens`, headers, body);
  const catalog = valueAt(answer.body, "$.token.catalog");
  if (answer.status !== 201) throw new Error(`login: ${answer.status} ${JSON.stringify(answer.body)}`);
  const token = answer.headers["x-subject-token"] ?? "";
  return { session: { token, endpoints: endpointsOf(catalog as CatalogEntry[]) }, body: answer.body };
}
