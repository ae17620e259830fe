import { areBindingsRetrievable, areInstancesRetrievable, readCatalog } from "../../../client/catalog.ts";
import { isObject, type Json, type JsonObject } from "../../../client/http/json.ts";
import { basicHeader } from "../../../client/target.ts";
import {
  type Handler,
  reply,
  REQUEST_IDENTITY,
  type WireRequest,
  type WireResponse,
} from "../../memory-broker/http.ts";
import type { Behaviour, Script } from "./behaviour.ts";
import { catalogWith } from "./catalog.ts";
import { bringOn, carryOut } from "./effects.ts";
import { type Facts, factsOf, isChange } from "./facts.ts";
import type { Row } from "./rows.ts";
import { OPTIONAL, type Situation, TABLE } from "./table.ts";
import { type Thing, Things } from "./things.ts";

/** Who may ask. */
export const LOGIN = { username: "drydock", password: "conformance" } as const;
const AUTHORIZATION = basicHeader(LOGIN.username, LOGIN.password);

/** A broker that behaves like this, on a clock in milliseconds. A request on which it hangs up rejects. */
export function createFieldBroker(behaviour: Behaviour, nowMs: () => number): Handler {
  return new FieldBroker(behaviour, nowMs).handle;
}

class FieldBroker {
  readonly #behaviour: Behaviour;
  readonly #nowMs: () => number;
  readonly #catalog: JsonObject;
  readonly #things = new Things();
  #works = 0;
  #requests = 0;

  constructor(behaviour: Behaviour, nowMs: () => number) {
    this.#behaviour = behaviour;
    this.#nowMs = nowMs;
    this.#catalog = behaviour.catalog ?? catalogWith();
  }

  readonly handle: Handler = async (request) => {
    this.#things.settle(this.#nowMs());
    const { asynchronous = [], room = Number.POSITIVE_INFINITY, beforeLogin, first, last } = this.#behaviour;
    const facts = factsOf(request, this.#things, {
      catalog: this.#catalog,
      asynchronous,
      room,
      nth: this.#requests++,
    });
    const response =
      beforeLogin?.(facts) ?? refusalOf(request, this.#behaviour) ?? first?.(facts) ?? this.#answer(facts);
    const identified = withIdentity(request, response);
    return last?.(identified, facts) ?? identified;
  };

  #answer(facts: Facts): WireResponse {
    const { operation } = facts;
    if (operation === undefined || !this.#isServed(facts)) return reply(404, { description: "No such route." });
    const found = TABLE[operation].find((row) => this.#recognises(row, facts));
    if (found === undefined) throw new Error(`${operation}: no row fits`);
    const script = this.#scriptFor(found.situation, facts);
    if (facts.thing !== undefined && found.says === "state") bringOn(facts.thing);
    const does = script.does ?? found.does;
    const thing =
      isChange(operation) && does !== "nothing"
        ? carryOut(facts, operation, does, {
            behaviour: this.#behaviour,
            things: this.#things,
            nowMs: this.#nowMs(),
            workId: `${operation}-${++this.#works}`,
          })
        : facts.thing;
    if (script.hangsUp === true) throw new Error(`hangs up: ${found.situation}`);
    const response = render(found, script, this.#bodyFor(found, thing, facts), facts);
    if (this.#behaviour.forgets === true && found.says === "state" && thing !== undefined) thing.ended = undefined;
    return response;
  }

  /** GET of instances and bindings is served from 2.14 on, if the catalog offers it; polls of bindings from 2.14 on. */
  #isServed({ operation, minor }: Facts): boolean {
    const services = readCatalog(this.#catalog).flatMap(({ raw, plans }) =>
      plans.map((plan) => ({ service: { ...plan, raw, plans }, plan })),
    );
    if (operation === "fetch-instance") return minor >= 14 && services.some(areInstancesRetrievable);
    if (operation === "fetch-binding") return minor >= 14 && services.some(areBindingsRetrievable);
    return operation !== "poll-binding" || minor >= 14;
  }

  #recognises({ situation, when }: Row<Situation>, facts: Facts): boolean {
    const { overlooks = [], notices = [] } = this.#behaviour;
    if (overlooks.includes(situation) || (OPTIONAL.includes(situation) && !notices.includes(situation))) return false;
    return when(facts);
  }

  #scriptFor(situation: Situation, facts: Facts): Script {
    const script = this.#behaviour.answers?.[situation];
    return script === undefined || script.when?.(facts) === false ? {} : script;
  }

  #bodyFor({ says }: Row, thing: Thing | undefined, { operation, path, minor }: Facts): Json {
    if (typeof says === "object") return { ...says };
    if (says === "nothing") return {};
    if (operation === "catalog") return this.#catalog;
    if (thing === undefined) return {};
    if (says === "state") return stateOf(thing);
    const isBinding = path.thing !== path.instance;
    if (says === "work") return { operation: thing.work?.id ?? "", ...(isBinding ? {} : this.#viewOf(thing)) };
    if (isBinding) return this.#boundTo(thing, minor);
    const { serviceId, planId, parameters } = thing;
    const identity = { service_id: serviceId, plan_id: planId, parameters };
    return operation === "fetch-instance" ? { ...identity, ...this.#viewOf(thing) } : this.#viewOf(thing);
  }

  #viewOf(instance: Thing): JsonObject {
    return this.#behaviour.instance?.(instance) ?? {};
  }

  #boundTo(binding: Thing, minor: number): Json {
    const host = "db.example.com";
    const login = { username: `u-${binding.id}`, password: `p-${binding.id}` };
    const credentials = {
      host,
      port: 5432,
      ...login,
      uri: `postgres://${login.username}:${login.password}@${host}:5432/db`,
    };
    const view = minor < 15 ? { credentials } : { credentials, endpoints: [{ host, ports: ["5432"] }] };
    return this.#behaviour.binding?.(view, binding) ?? view;
  }
}

function refusalOf({ headers }: WireRequest, { trusts, assumesVersion }: Behaviour): WireResponse | undefined {
  const refuse = (status: number, error: string, description: string) => reply(status, { error, description });
  if (trusts !== true && headers["authorization"] !== AUTHORIZATION) return refuse(401, "Unauthorized", "Who are you?");
  const version = headers["x-broker-api-version"];
  if (version === undefined && assumesVersion === true) return undefined;
  if (version === undefined) return refuse(400, "VersionMissing", "Name a version from 2.11 to 2.17.");
  return /^2\.\d+$/.test(version) ? undefined : refuse(412, "VersionUnknown", "Use a version from 2.11 to 2.17.");
}

function stateOf({ work, ended }: Thing): JsonObject {
  if (work !== undefined) return { state: "in progress" };
  if (ended?.state !== "failed") return { state: "succeeded" };
  return { state: "failed", description: "It came to nothing." };
}

function render({ status }: Row, script: Script, said: Json, facts: Facts): WireResponse {
  const { body } = script;
  const changed = typeof body === "function" ? body(isObject(said) ? said : {}, facts) : (body ?? said);
  const response = reply(script.status ?? status, changed, script.headers);
  return script.text === undefined ? response : { ...response, text: script.text };
}

function withIdentity({ headers }: WireRequest, response: WireResponse): WireResponse {
  const identity = headers[REQUEST_IDENTITY];
  if (identity === undefined) return response;
  return { ...response, headers: { ...response.headers, [REQUEST_IDENTITY]: identity } };
}
