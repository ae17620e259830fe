import { isDeepStrictEqual } from "node:util";
import { isObject, type Json, type JsonObject } from "../../client/http/json.ts";
import { type Handler, jsonOf, reply, type WireRequest, type WireResponse } from "../../osb/memory-broker/http.ts";
import { TOY_PORT, type ToyBinding, type ToyInstance } from "./behaviour.ts";
import type { ToyCloud } from "./cloud.ts";
import { answerPage, TOY_ORIGIN } from "./dashboard.ts";
import { type BackupDialect, extensionDialect, refuse } from "./extension.ts";

/** The options of a toy broker. */
export interface ToyBrokerOptions {
  /** How its backups are reached; null: not at all. Default: through an extension that the catalog declares. */
  readonly backups?: BackupDialect | null;
  /** Scheme of the uri in credentials. Default `postgres`. */
  readonly scheme?: string;
}

const SERVICE = "1d0e3a52-0000-4000-8000-000000000001";
const PLANS = [
  { id: "1d0e3a52-0000-4000-8000-000000000002", name: "small", description: "The usual one" },
  { id: "1d0e3a52-0000-4000-8000-000000000003", name: "big", description: "The bigger one" },
];
/** The same engine in another version. */
const NEXT = {
  id: "1d0e3a52-0000-4000-8000-000000000011",
  plans: [{ id: "1d0e3a52-0000-4000-8000-000000000012", name: "next", description: "The usual one" }],
};
const SCHEMAS = {
  service_instance: {
    create: {
      parameters: {
        $schema: "http://json-schema.org/draft-04/schema#",
        type: "object",
        properties: { tls_key: { type: "string" } },
        additionalProperties: false,
      },
    },
  },
};
const EXTENSION = {
  id: "urn:toy:backup",
  path: "/backup",
  description: "Backups and restores.",
  claims: ["B1", "B2", "B3", "B4", "B5"],
};

const OFFERINGS = [
  { id: SERVICE, name: "toy-db", plans: PLANS },
  { ...NEXT, name: "toy-db-next" },
];

const catalogOf = (options: ToyBrokerOptions): JsonObject => ({
  services: OFFERINGS.map(({ id, name, plans }) => ({
    id,
    name,
    description: "A database that forgets",
    bindable: true,
    bindings_retrievable: true,
    instances_retrievable: true,
    tags: [options.scheme ?? "postgresql"],
    metadata: {
      shareable: true,
      extensions: options.backups === undefined ? [EXTENSION] : [],
    },
    dashboard_client: { id: `dashboard-of-${name}`, secret: `secret-${id}`, redirect_uri: `${TOY_ORIGIN}/callback` },
    plans: plans.map((plan) => ({ ...plan, schemas: SCHEMAS })),
  })),
});

const NAME = /^[\w.-]{1,100}$/;

/** A synchronous broker of databases in memory. */
class ToyBroker {
  readonly #cloud: ToyCloud;
  readonly #options: ToyBrokerOptions;

  constructor(cloud: ToyCloud, options: ToyBrokerOptions) {
    this.#cloud = cloud;
    this.#options = options;
  }

  #credentialsOf({ host, database }: ToyInstance, { username, password }: ToyBinding): Json {
    const uri = `${this.#options.scheme ?? "postgres"}://${username}:${password}@${host}:${TOY_PORT}/${database}`;
    return { host, port: TOY_PORT, name: database, username, password, uri };
  }

  #provision(known: ToyInstance | undefined, id: string, body: JsonObject, isPatient: boolean): WireResponse {
    if (!NAME.test(id) || !isOffered(body)) return refuse(400);
    if (!this.#cloud.does.takes(parametersIn(body)))
      return reply(400, { description: "This plan does not take these parameters." });
    if (known !== undefined) return isDeepStrictEqual(known.request, body) ? reply(200, {}) : refuse(409);
    this.#cloud.provision(id, body);
    const shown = { dashboard_url: `${TOY_ORIGIN}/dashboard/${id}` };
    return isPatient ? reply(202, { operation: `op-${id}`, ...shown }) : reply(201, shown);
  }

  #instance({ method, query, ...request }: WireRequest, id: string): WireResponse {
    const known = this.#cloud.instances.get(id);
    const body = jsonOf(request);
    if (method === "PUT") return this.#provision(known, id, body, query["accepts_incomplete"] === "true");
    if (known === undefined) return refuse(method === "DELETE" ? 410 : 404);
    if (method === "GET")
      return reply(200, {
        service_id: known.request["service_id"] ?? "",
        plan_id: known.request["plan_id"] ?? "",
        ...this.#cloud.does.describeInstance(known),
      });
    if (method === "PATCH")
      return body["service_id"] === known.request["service_id"] && Object.keys(parametersIn(body)).length === 0
        ? reply(200, {})
        : refuse(400);
    if (method !== "DELETE") return refuse(404);
    if (!this.#cloud.does.isOffering(query, known)) return refuse(400);
    this.#cloud.deprovision(known);
    return reply(200, {});
  }

  #bind(owner: ToyInstance, id: string, body: JsonObject): WireResponse {
    if (!NAME.test(id) || !isOffered(body)) return refuse(400);
    if (Object.keys(parametersIn(body)).length > 0) return reply(400, { description: "Bindings take no parameters." });
    const known = this.#cloud.does.find("bind", owner, id, this.#cloud);
    if (known !== undefined && !this.#cloud.does.isSameBind(known, body)) return refuse(409);
    const made = known ?? this.#cloud.bind(owner, id, body);
    return reply(known === undefined ? 201 : 200, { credentials: this.#credentialsOf(owner, made) });
  }

  #binding(request: WireRequest, owner: ToyInstance, id: string, isPoll: boolean): WireResponse {
    const { method, query } = request;
    if (method === "DELETE" && !this.#cloud.does.isOffering(query, owner)) return refuse(400);
    if (method === "PUT") return this.#bind(owner, id, jsonOf(request));
    const operation = method === "DELETE" ? "unbind" : isPoll ? "poll" : "fetch";
    const found = this.#cloud.does.find(operation, owner, id, this.#cloud);
    if (found === undefined) return refuse(operation === "unbind" ? 410 : 404);
    if (operation === "poll") return reply(200, { state: "succeeded" });
    if (operation === "fetch") return reply(200, { credentials: this.#credentialsOf(owner, found) });
    const holder = [...this.#cloud.instances.values()].find(({ bindings }) => bindings.get(id) === found) ?? owner;
    this.#cloud.does.onUnbind(holder, found, this.#cloud);
    return reply(200, {});
  }

  #ofInstance(request: WireRequest, [id = "", sub, subId = "", ...rest]: readonly string[]): WireResponse {
    if (sub === undefined) return this.#instance(request, id);
    const owner = this.#cloud.instances.get(id);
    if (owner === undefined) return refuse(request.method === "DELETE" ? 410 : 404);
    if (sub === "last_operation")
      return this.#cloud.does.isOperationOf(request.query["operation"], owner)
        ? reply(200, { state: "succeeded" })
        : refuse(400);
    if (sub === "service_bindings") return this.#binding(request, owner, subId, rest[0] === "last_operation");
    return refuse(404);
  }

  handle(request: WireRequest): WireResponse {
    const shown = answerPage(request, this.#cloud);
    if (shown !== undefined) return shown;
    if (!this.#cloud.does.authorizes(request, this.#cloud)) return refuse(401);
    this.#cloud.vault.tick();
    const { backups = extensionDialect } = this.#options;
    const answered = backups?.(request, this.#cloud.vault);
    if (answered !== undefined) return answered;
    const [root, what, ...path] = request.path;
    if (root !== "v2") return refuse(404);
    if (what === "catalog") return reply(200, catalogOf(this.#options));
    return what === "service_instances" ? this.#ofInstance(request, path) : refuse(404);
  }
}

const parametersIn = (body: JsonObject): JsonObject => {
  const { parameters } = body;
  return isObject(parameters) ? parameters : parameters === undefined ? {} : { parameters };
};

const isOffered = (body: JsonObject): boolean =>
  OFFERINGS.some(({ id, plans }) => id === body["service_id"] && plans.some((plan) => plan.id === body["plan_id"]));

/**
 * A broker of databases in memory, with backups: the correct target in the proof that the checks of data can
 * tell right from wrong.
 */
export function createToyBroker(cloud: ToyCloud, options: ToyBrokerOptions = {}): Handler {
  const broker = new ToyBroker(cloud, options);
  return async (request) => broker.handle(request);
}
