import { isObject, type Json, type JsonObject, sameJson, stringOf } from "../../client/http/json.ts";
import { maintenanceVersion, type Offer, offersOf, readCatalog, requires, schemaOf } from "../../client/catalog.ts";
import { compileSchema } from "../../client/schema.ts";
import type { Backend } from "../../runner/hooks.ts";
import { MEMORY_CATALOG } from "./memory-catalog.ts";
import type { BrokerMode } from "./mutant.ts";
import { type Handler, reply, type WireRequest, type WireResponse } from "./wire.ts";

export interface MemoryBrokerOptions {
  /** `async` answers 202 and finishes at the second poll; `mixed` does so for its databases only. Default `sync`. */
  readonly mode?: BrokerMode;
  /** Default: a catalog that has all that the API offers. */
  readonly catalog?: JsonObject;
  readonly username?: string;
  readonly password?: string;
}

interface Job {
  readonly id: string;
  readonly kind: "create" | "update" | "delete";
  readonly isDoomed: boolean;
  pollsLeft: number;
  readonly apply: () => void;
}

/** An instance, or a binding of one. */
interface Resource {
  readonly id: string;
  readonly request: JsonObject;
  planId: string;
  parameters: JsonObject;
  /** The update that was asked for last. */
  change: string;
  exists: boolean;
  job: Job | undefined;
  /** The last job that ended, and how. */
  ended: { readonly job: Job; readonly state: "succeeded" | "failed" } | undefined;
  readonly facts: JsonObject;
}

type Resources = Map<string, Resource>;

const POLLS = 2;
const ETAG = '"memory-1"';
const MODIFIED = "Thu, 01 Jan 2026 00:00:00 GMT";

/** Ends a request with an error of the API. */
class Refusal extends Error {
  readonly response: WireResponse;
  constructor(status: number, error: string, description: string, more: JsonObject = {}) {
    super(description);
    this.response = reply(status, { error, description, ...more });
  }
}

/** Whether a service does nothing but show one permission. */
const isSimple = (offer: Offer): boolean =>
  ["syslog_drain", "route_forwarding", "volume_mount"].some((permission) => requires(offer, permission));

const bad = (description: string) => new Refusal(400, "BadRequest", description);
const busy = () => new Refusal(422, "ConcurrencyError", "Another operation is in progress: wait for it.");

/**
 * A service broker in memory, written to the letter of the specification (2.17, and what differs back to 2.11): the clean
 * half of the proof that each check can tell right from wrong. Its backend can be held and broken on purpose.
 */
export function createMemoryBroker(options: MemoryBrokerOptions = {}): {
  readonly handle: Handler;
  readonly backend: Backend;
} {
  const { mode = "sync", catalog: offered = MEMORY_CATALOG, username = "drydock", password = "conformance" } = options;
  const offers = offersOf(readCatalog(offered));
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  const instances: Resources = new Map();
  const bindings: Resources = new Map();
  const graves = new Set<string>();
  let isHeld = false;
  let isBroken = false;
  let counter = 0;

  function offerOf(body: JsonObject): Offer {
    const { service_id: serviceId, plan_id: planId } = body;
    if (typeof serviceId !== "string" || serviceId === "") throw bad("service_id is missing");
    if (typeof planId !== "string" || planId === "") throw bad("plan_id is missing");
    const offer = offers.find((each) => each.service.id === serviceId && each.plan.id === planId);
    if (offer === undefined) throw bad("there is no such plan");
    return offer;
  }

  const isSlow = (offer: Offer): boolean => mode === "async" || (mode === "mixed" && !isSimple(offer));

  function wantsAsync(request: WireRequest, offer: Offer, canAsync = true): boolean {
    const flag = request.query["accepts_incomplete"];
    if (flag !== undefined && flag !== "true" && flag !== "false") throw bad("accepts_incomplete is true or false");
    if (!isSlow(offer) || !canAsync) return false;
    if (flag !== "true") throw new Refusal(422, "AsyncRequired", "This plan needs accepts_incomplete=true.");
    return true;
  }

  /** Does it now, or begins it; the reply in either case. `early` is what a 202 tells besides its operation. */
  function perform(
    resource: Resource,
    kind: Job["kind"],
    later: boolean,
    apply: () => void,
    done: WireResponse,
    early: JsonObject = {},
  ): WireResponse {
    if (!later && isBroken) throw new Refusal(500, "BackendDown", "The backend is down; nothing was changed.");
    if (!later) {
      apply();
      return done;
    }
    resource.job = { id: `${kind}-${++counter}`, kind, isDoomed: isBroken, pollsLeft: POLLS, apply };
    return reply(202, { operation: resource.job.id, ...early });
  }

  const running = (job: Job): WireResponse => reply(202, { operation: job.id });

  function validate(offer: Offer, use: "create" | "update" | "bind", body: JsonObject): JsonObject {
    const parameters = body["parameters"] ?? {};
    if (!isObject(parameters)) throw bad("parameters is not an object");
    const schema = schemaOf(offer, use);
    const compiled = schema === undefined ? undefined : compileSchema(schema);
    if (compiled?.kind === "valid" && !compiled.accepts(parameters)) throw bad("the parameters do not fit the schema");
    return parameters;
  }

  function checkMaintenance(offer: Offer, body: JsonObject): void {
    const info = body["maintenance_info"];
    if (info === undefined) return;
    if (!isObject(info)) throw bad("maintenance_info is not an object");
    if (info["version"] !== maintenanceVersion(offer)) {
      throw new Refusal(422, "MaintenanceInfoConflict", "That is not the maintenance version of the catalog.");
    }
  }

  function parsed(request: WireRequest): JsonObject {
    try {
      const body = JSON.parse(request.text) as Json;
      if (isObject(body)) return body;
    } catch {
      throw bad("the body is not JSON");
    }
    throw bad("the body is not a JSON object");
  }

  /** What of a request makes it the same request. */
  const essence = (body: JsonObject): JsonObject => ({
    service_id: body["service_id"] ?? null,
    plan_id: body["plan_id"] ?? null,
    parameters: body["parameters"] ?? {},
  });

  function newResource(id: string, offer: Offer, body: JsonObject, facts: JsonObject): Resource {
    const parameters = isObject(body["parameters"]) ? body["parameters"] : {};
    const base = { id, request: essence(body), planId: offer.plan.id, parameters, change: "" };
    return { ...base, exists: false, job: undefined, ended: undefined, facts };
  }

  /** PUT: create, or the answer to a repeat. */
  function create(
    all: Resources,
    id: string,
    body: JsonObject,
    later: () => boolean,
    make: () => Resource,
    show: (it: Resource) => JsonObject,
    early: JsonObject = {},
  ): WireResponse {
    const known = all.get(id);
    if (known !== undefined && !(known.ended?.state === "failed" && !known.exists)) {
      if (!sameJson(known.request, essence(body)))
        throw new Refusal(409, "Conflict", "It exists with other attributes.");
      if (known.job?.kind === "create") return running(known.job);
      if (known.job !== undefined) throw busy();
      return reply(200, show(known));
    }
    const isLater = later();
    const resource = make();
    const response = perform(
      resource,
      "create",
      isLater,
      () => void (resource.exists = true),
      reply(201, show(resource)),
      early,
    );
    all.set(id, resource);
    return response;
  }

  function remove(all: Resources, resource: Resource, later: boolean): WireResponse {
    if (resource.job?.kind === "delete") return running(resource.job);
    if (resource.job?.kind === "update") throw busy();
    const apply = () => {
      all.delete(resource.id);
      graves.add(resource.id);
    };
    return perform(resource, "delete", later, apply, reply(200, {}));
  }

  function poll(all: Resources, id: string, query: WireRequest["query"]): WireResponse {
    const resource = all.get(id);
    if (resource === undefined) {
      return graves.has(id) ? reply(410, {}) : reply(404, { error: "NotFound", description: "It does not exist." });
    }
    const job = resource.job;
    const asked = query["operation"];
    const last = job ?? resource.ended?.job;
    if (asked !== undefined && asked !== last?.id) throw bad("there is no such operation");
    if (job === undefined) return reply(200, { state: resource.ended?.state ?? "succeeded" });
    if (isHeld || --job.pollsLeft > 0)
      return reply(200, { state: "in progress", description: "working" }, { "retry-after": "0" });
    return finish(resource, job);
  }

  function finish(resource: Resource, job: Job): WireResponse {
    resource.job = undefined;
    resource.ended = { job, state: job.isDoomed ? "failed" : "succeeded" };
    if (!job.isDoomed) job.apply();
    const hints = {
      ...(job.kind === "create" ? {} : { instance_usable: true }),
      ...(job.kind === "update" ? { update_repeatable: true } : {}),
    };
    return reply(200, {
      state: resource.ended.state,
      description: `${job.kind} is done`,
      ...(job.isDoomed ? hints : {}),
    });
  }

  const instanceFacts = (id: string): JsonObject => ({
    dashboard_url: `https://dashboard.example.com/${id}`,
    metadata: { labels: { owner: "drydock" }, attributes: { nodes: 1 } },
  });

  function update(request: WireRequest, resource: Resource, body: JsonObject): WireResponse {
    const serviceId = stringOf(body["service_id"]) ?? "";
    if (serviceId === "") throw bad("service_id is missing");
    if (serviceId !== resource.request["service_id"]) throw bad("the instance is of another service");
    const wanted = body["plan_id"] ?? resource.planId;
    const offer = offerOf({ service_id: serviceId, plan_id: wanted });
    const parameters = body["parameters"] === undefined ? resource.parameters : validate(offer, "update", body);
    checkMaintenance(offer, body);
    if (offer.plan.id !== resource.planId && offer.plan.raw["plan_updateable"] === false) {
      throw new Refusal(422, "PlanChangeNotSupported", "An instance cannot become an archive.");
    }
    const later = wantsAsync(request, offer);
    const change = JSON.stringify(body);
    if (resource.job?.kind === "update" && resource.change === change) return running(resource.job);
    if (resource.job !== undefined) throw busy();
    const apply = () => {
      resource.planId = offer.plan.id;
      resource.parameters = parameters;
    };
    const facts = instanceFacts(resource.id);
    const response = perform(resource, "update", later, apply, reply(200, facts), facts);
    resource.change = change;
    return response;
  }

  function fetchInstance(id: string): WireResponse {
    const it = instances.get(id);
    if (it === undefined || !it.exists) throw new Refusal(404, "NotFound", "There is no such instance.");
    if (it.job?.kind === "update") throw busy();
    const info = offers.find((offer) => offer.plan.id === it.planId)?.plan.raw["maintenance_info"];
    return reply(200, {
      service_id: it.request["service_id"],
      plan_id: it.planId,
      parameters: it.parameters,
      ...instanceFacts(id),
      ...(info === undefined ? {} : { maintenance_info: info }),
    });
  }

  function instance(request: WireRequest, id: string): WireResponse {
    if (request.method === "GET") return fetchInstance(id);
    if (request.method === "DELETE") {
      const offer = offerOf(request.query);
      const known = instances.get(id);
      if (known === undefined) return reply(410, {});
      if (known.request["service_id"] !== offer.service.id || known.planId !== offer.plan.id)
        throw bad("it is another plan");
      return remove(instances, known, wantsAsync(request, offer));
    }
    const body = parsed(request);
    if (request.method === "PATCH") {
      const known = instances.get(id);
      if (stringOf(body["service_id"]) === undefined) throw bad("service_id is missing");
      if (known === undefined) throw new Refusal(404, "NotFound", "There is no such instance.");
      return update(request, known, body);
    }
    const offer = offerOf(body);
    if (stringOf(body["organization_guid"]) === undefined) throw bad("organization_guid is missing");
    if (stringOf(body["space_guid"]) === undefined) throw bad("space_guid is missing");
    validate(offer, "create", body);
    checkMaintenance(offer, body);
    const make = () => newResource(id, offer, body, {});
    return create(
      instances,
      id,
      body,
      () => wantsAsync(request, offer),
      make,
      () => instanceFacts(id),
      instanceFacts(id),
    );
  }

  function bindingFacts(offer: Offer, id: string): JsonObject {
    if (requires(offer, "syslog_drain")) return { syslog_drain_url: `syslog-tls://logs.example.com/${id}` };
    if (requires(offer, "route_forwarding")) return { route_service_url: `https://proxy.example.com/${id}` };
    if (requires(offer, "volume_mount")) {
      const device = { volume_id: id, mount_config: { source: "nfs" } };
      return { volume_mounts: [{ driver: "nfs", container_dir: "/data", mode: "rw", device_type: "shared", device }] };
    }
    return {
      credentials: { username: `u-${id}`, password: `p-${++counter}`, host: "db.example.com", port: 5432 },
      endpoints: [{ host: "db.example.com", ports: ["5432"], protocol: "tcp" }],
      metadata: { expires_at: "2999-01-02T03:04:05.0Z", renew_before: "2999-01-01T03:04:05.0Z" },
    };
  }

  function binding(request: WireRequest, instanceId: string, id: string): WireResponse {
    const key = `${instanceId}/${id}`;
    const canAsync = versionOf(request) >= 14;
    const known = bindings.get(key);
    if (request.method === "GET") {
      if (known === undefined || !known.exists) throw new Refusal(404, "NotFound", "There is no such binding.");
      return reply(200, { ...known.facts, parameters: known.parameters });
    }
    if (request.method === "DELETE") {
      const offer = offerOf(request.query);
      if (known === undefined) return reply(410, {});
      if (known.planId !== offer.plan.id) throw bad("it is another plan");
      return remove(bindings, known, wantsAsync(request, offer, canAsync));
    }
    const body = parsed(request);
    const offer = offerOf(body);
    const owner = instances.get(instanceId);
    validate(offer, "bind", body);
    if (owner === undefined) throw new Refusal(404, "NotFound", "There is no such instance.");
    if (owner.job !== undefined) throw busy();
    if (owner.planId !== offer.plan.id) throw bad("the instance is of another plan");
    const predecessor = body["predecessor_binding_id"];
    if (predecessor !== undefined && !bindings.has(`${instanceId}/${stringOf(predecessor) ?? ""}`))
      throw bad("no such predecessor");
    const make = () => newResource(key, offer, body, bindingFacts(offer, id));
    return create(
      bindings,
      key,
      body,
      () => wantsAsync(request, offer, canAsync),
      make,
      (it) => it.facts,
    );
  }

  function catalog(request: WireRequest): WireResponse {
    const validators = { etag: ETAG, "last-modified": MODIFIED };
    if (request.headers["if-none-match"] === ETAG || request.headers["if-modified-since"] === MODIFIED) {
      return { status: 304, headers: validators, text: "" };
    }
    return reply(200, offered, validators);
  }

  function route(request: WireRequest): WireResponse {
    if (request.headers["authorization"] !== authorization) throw new Refusal(401, "Unauthorized", "Who are you?");
    const version = request.headers["x-broker-api-version"];
    if (version === undefined) throw bad("X-Broker-API-Version is missing");
    if (!/^2\.\d+$/.test(version)) throw new Refusal(412, "VersionNotSupported", "Use a version from 2.11 to 2.17.");
    const [, root, id = "", sub, bindingId = "", leaf] = request.path;
    if (root === "catalog") return catalog(request);
    if (sub === undefined) return instance(request, id);
    if (sub === "last_operation") return poll(instances, id, request.query);
    if (leaf === "last_operation") return poll(bindings, `${id}/${bindingId}`, request.query);
    return binding(request, id, bindingId);
  }

  const handle: Handler = async (request) => {
    const identity = request.headers["x-broker-api-request-identity"];
    const response = answer(() => route(request));
    return identity === undefined
      ? response
      : { ...response, headers: { ...response.headers, "x-broker-api-request-identity": identity } };
  };
  const set = (change: () => void) => async () => change();
  const backend: Backend = {
    hold: set(() => void (isHeld = true)),
    release: set(() => void (isHeld = false)),
    fail: set(() => void (isBroken = true)),
    heal: set(() => void (isBroken = false)),
  };
  return { handle, backend };
}

function answer(route: () => WireResponse): WireResponse {
  try {
    return route();
  } catch (error) {
    if (error instanceof Refusal) return error.response;
    throw error;
  }
}

function versionOf(request: WireRequest): number {
  return Number(request.headers["x-broker-api-version"]?.split(".")[1] ?? "17");
}
