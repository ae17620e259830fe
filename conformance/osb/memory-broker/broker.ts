/**
 * A service broker in memory, written to the letter of the Open Service Broker API 2.17, and of what differs back to 2.11.
 *
 * It is the sound half of the proof that each check can tell right from wrong: the self-test runs the suite on it as it is, where
 * nothing may be found, and behind one planted defect at a time. It is also a broker to read and to copy:
 *
 * | File | What it holds |
 * |---|---|
 * | `broker.ts` | authentication, versions, routes |
 * | `catalog.ts` | what is offered: a database with all that the API has, and a service for each permission |
 * | `plans.ts` | what a request may ask of a plan: ids, parameters, maintenance versions, `accepts_incomplete` |
 * | `instances.ts`, `bindings.ts` | one method for each operation of the API, its validations in order |
 * | `resources.ts` | PUT and DELETE for both: what is a repeat, what a conflict, what is gone |
 * | `operations.ts` | work that is done at once or polled, one at a time; the switches of the backend |
 * | `requests.ts`, `errors.ts` | bodies and versions of requests; refusals with their error codes |
 * | `http.ts` | requests and answers in process; a handler as a `fetch` or as the suite's transport |
 *
 * `certify({ url: "http://127.0.0.1:1", …, fetch: asFetch(createMemoryBroker().handle) })` certifies it without a socket.
 */
import type { JsonObject } from "../../client/http/json.ts";
import { basicHeader } from "../../client/target.ts";
import type { Backend } from "../../runner/hooks.ts";
import { Bindings } from "./bindings.ts";
import { MEMORY_CATALOG } from "./catalog.ts";
import { answerOf, badRequest, Refusal } from "./errors.ts";
import { type Handler, reply, REQUEST_IDENTITY, type WireRequest, type WireResponse } from "./http.ts";
import { Instances } from "./instances.ts";
import type { BrokerMode } from "./mode.ts";
import { Operations, type OperationTime } from "./operations.ts";
import { Plans } from "./plans.ts";

/** How a broker in memory is made. */
export interface MemoryBrokerOptions {
  /** Default `sync`. */
  readonly mode?: BrokerMode;
  /** Default: a catalog that has all that the API offers. */
  readonly catalog?: JsonObject;
  /** Default `drydock`. */
  readonly username?: string;
  /** Default `conformance`. */
  readonly password?: string;
  /** Default: an asynchronous operation ends at the second poll. */
  readonly time?: OperationTime;
}

/** A broker in memory, and the switches of what stands behind it. */
interface MemoryBroker {
  readonly handle: Handler;
  readonly backend: Backend;
}

/** A new broker that knows no instances. Its state is gone with it. */
export function createMemoryBroker(options: MemoryBrokerOptions = {}): MemoryBroker {
  const { mode = "sync", catalog = MEMORY_CATALOG, username = "drydock", password = "conformance" } = options;
  const authorization = basicHeader(username, password);
  const operations = new Operations(options.time);
  const plans = new Plans(catalog, mode);
  const instances = new Instances(plans, operations);
  const bindings = new Bindings(plans, instances, operations);
  const serve = (request: WireRequest): WireResponse => {
    checkHeaders(request, authorization);
    return request.path[1] === "catalog" ? serveCatalog(catalog, request) : route(instances, bindings, request);
  };
  return {
    handle: async (request) =>
      echoIdentity(
        request,
        answerOf(() => serve(request)),
      ),
    backend: operations.backend,
  };
}

/** @throws Refusal 401 without the right credentials, 400 without a version, 412 for one that it cannot speak */
function checkHeaders({ headers }: WireRequest, authorization: string): void {
  if (headers["authorization"] !== authorization) throw new Refusal(401, "Unauthorized", "Who are you?");
  const version = headers["x-broker-api-version"];
  if (version === undefined) throw badRequest("X-Broker-API-Version is missing");
  if (!/^2\.\d+$/.test(version)) throw new Refusal(412, "VersionNotSupported", "Use a version from 2.11 to 2.17.");
}

function route(instances: Instances, bindings: Bindings, request: WireRequest): WireResponse {
  const [, , id = "", sub, bindingId = "", leaf] = request.path;
  if (sub === "last_operation") return instances.poll(id, request);
  if (leaf === "last_operation") return bindings.poll(id, bindingId, request);
  return sub === undefined ? routeInstance(instances, id, request) : routeBinding(bindings, id, bindingId, request);
}

function routeInstance(instances: Instances, id: string, request: WireRequest): WireResponse {
  if (request.method === "GET") return instances.fetch(id);
  if (request.method === "DELETE") return instances.deprovision(id, request);
  if (request.method === "PATCH") return instances.update(id, request);
  return instances.provision(id, request);
}

function routeBinding(bindings: Bindings, instanceId: string, id: string, request: WireRequest): WireResponse {
  if (request.method === "GET") return bindings.fetch(instanceId, id);
  if (request.method === "DELETE") return bindings.unbind(instanceId, id, request);
  return bindings.bind(instanceId, id, request);
}

const ETAG = '"memory-1"';
const LAST_MODIFIED = "Thu, 01 Jan 2026 00:00:00 GMT";

/** The catalog, or 304 to a platform that has it already. */
function serveCatalog(catalog: JsonObject, { headers }: WireRequest): WireResponse {
  const validators = { etag: ETAG, "last-modified": LAST_MODIFIED };
  const isKnown = headers["if-none-match"] === ETAG || headers["if-modified-since"] === LAST_MODIFIED;
  return isKnown ? { status: 304, headers: validators, text: "" } : reply(200, catalog, validators);
}

function echoIdentity({ headers }: WireRequest, response: WireResponse): WireResponse {
  const identity = headers[REQUEST_IDENTITY];
  return identity === undefined
    ? response
    : { ...response, headers: { ...response.headers, [REQUEST_IDENTITY]: identity } };
}
