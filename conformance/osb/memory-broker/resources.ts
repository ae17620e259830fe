import { isObject, type JsonObject, sameJson } from "../../client/http/json.ts";
import type { Offer } from "../../client/catalog.ts";
import { concurrencyError, notFound, Refusal } from "./errors.ts";
import { reply, type WireRequest, type WireResponse } from "./http.ts";
import { acceptedReply, type Operations, type Subject } from "./operations.ts";

/** An instance, or a binding of one. */
export interface Resource extends Subject {
  readonly id: string;
  /** What of the request that made it makes another request the same. */
  readonly identity: JsonObject;
  /** What the broker returns about it. */
  readonly facts: JsonObject;
  planId: string;
  parameters: JsonObject;
  /** The update that was asked for last, as JSON. */
  lastUpdate: string;
  /** True once it has been made. */
  exists: boolean;
}

/** A PUT: what it asks for, and how to make it. */
interface Creation {
  readonly id: string;
  readonly offer: Offer;
  readonly body: JsonObject;
  /** Asked only when there is something to make; may refuse. */
  readonly isAsync: () => boolean;
  readonly facts: () => JsonObject;
  /** What a 202 says besides its operation. */
  readonly accepted?: JsonObject;
}

/** Two requests with the same offering, plan and parameters are the same request. */
const identityOf = (body: JsonObject): JsonObject => ({
  service_id: body["service_id"] ?? null,
  plan_id: body["plan_id"] ?? null,
  parameters: body["parameters"] ?? {},
});

function newResource({ id, offer, body, facts }: Creation): Resource {
  return {
    id,
    identity: identityOf(body),
    facts: facts(),
    planId: offer.plan.id,
    parameters: isObject(body["parameters"]) ? body["parameters"] : {},
    lastUpdate: "",
    exists: false,
    operation: undefined,
    ended: undefined,
  };
}

const failedToBeMade = ({ exists, ended }: Resource): boolean => !exists && ended?.state === "failed";

/** All instances, or all bindings: made by PUT, removed by DELETE, followed by polls. */
export class Resources {
  readonly #byId = new Map<string, Resource>();
  readonly #deletedIds = new Set<string>();
  readonly #operations: Operations;

  constructor(operations: Operations) {
    this.#operations = operations;
  }

  find(id: string): Resource | undefined {
    return this.#byId.get(id);
  }

  /**
   * Creates a resource, or answers the repeat of the request that made it: 200 when it exists, 202 while it is being made.
   *
   * @throws Refusal 409 when it was made by another request, 422 when something else is in progress on it
   */
  create(creation: Creation): WireResponse {
    const known = this.#byId.get(creation.id);
    if (known !== undefined && !failedToBeMade(known)) return this.#repeat(known, creation);
    const isAsync = creation.isAsync();
    const resource = newResource(creation);
    const { accepted = {} } = creation;
    const apply = () => void (resource.exists = true);
    const done = reply(201, resource.facts);
    const response = this.#operations.start(resource, { kind: "create", isAsync, apply, done, accepted });
    this.#byId.set(creation.id, resource);
    return response;
  }

  #repeat({ identity, operation, facts }: Resource, { body }: Creation): WireResponse {
    if (!sameJson(identity, identityOf(body))) throw new Refusal(409, "Conflict", "It exists with other attributes.");
    if (operation?.kind === "create") return acceptedReply(operation);
    if (operation !== undefined) throw concurrencyError();
    return reply(200, facts);
  }

  /**
   * Removes a resource. A creation in progress is halted.
   *
   * @throws Refusal 422 while it is being updated
   */
  remove(resource: Resource, isAsync: boolean): WireResponse {
    const { operation } = resource;
    if (operation?.kind === "delete") return acceptedReply(operation);
    if (operation?.kind === "update") throw concurrencyError();
    const apply = () => {
      this.#byId.delete(resource.id);
      this.#deletedIds.add(resource.id);
    };
    return this.#operations.start(resource, { kind: "delete", isAsync, apply, done: reply(200, {}) });
  }

  /** @throws Refusal 404 when it never existed, 400 when the operation is not one of its own */
  poll(id: string, { query }: WireRequest): WireResponse {
    const resource = this.#byId.get(id);
    if (resource !== undefined) return this.#operations.poll(resource, query["operation"]);
    if (this.#deletedIds.has(id)) return reply(410, {});
    throw notFound("It does not exist.");
  }
}
