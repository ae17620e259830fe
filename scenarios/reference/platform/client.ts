import type { World } from "../../../simulators/world.ts";
import { type BrokerAddress, describeAnswer, type OsbAnswer, type OsbClient, osbClient } from "../../clients/osb.ts";
import type { Exercise } from "../../coverage.ts";
import type { Operation } from "../calls.ts";
import type { PlanOffer } from "../fixture.ts";
import type { InstanceShape, ModelBinding, ModelInstance } from "../model.ts";
import { BrokenPromise } from "../../errors.ts";
import { type Reading, readAnswer } from "./reading.ts";

/** The context object of a tenant's requests (OSB, "Context Object"). */
interface TenantContext {
  readonly platform: string;
  readonly organization_guid: string;
  readonly space_guid: string;
}

/** The result of an order, as a suffix of its name; empty if it was accepted. */
const OUTCOMES: Readonly<Record<Reading, string>> = {
  accepted: "",
  done: "",
  gone: "gone",
  refused: "refused",
  open: "outcome open",
};

const TENANTS = 3;

const contextOf = (tenant: number): TenantContext => ({
  platform: "cloudfoundry",
  organization_guid: `0000000${tenant % TENANTS}-0000-4000-8000-000000000001`,
  space_guid: `0000000${tenant % TENANTS}-0000-4000-8000-000000000002`,
});

/** A platform's client for one broker: it knows paths, ids, plans and contexts. */
export class PlatformClient {
  readonly offer: PlanOffer;
  readonly #client: OsbClient;
  readonly #exercise: Exercise;
  #ids = 0;

  constructor(world: World, broker: BrokerAddress, offer: PlanOffer, exercise: Exercise) {
    this.offer = offer;
    this.#exercise = exercise;
    const environment = world.environmentAt(world.plan.applications);
    this.#client = osbClient(environment, broker, (ms, signal) => world.driver.sleep(ms, signal));
  }

  /** Reads the answer to an order, and records its result. */
  read(order: Operation, answer: OsbAnswer): Reading {
    const reading = readAnswer(answer);
    const outcome = OUTCOMES[reading];
    this.#exercise.note("steps", outcome === "" ? order : `${order} (${outcome})`);
    return reading;
  }

  /** Returns an id that this platform has not used yet. */
  newId(): string {
    return `00000000-0000-4000-8000-${String(++this.#ids).padStart(12, "0")}`;
  }

  /** Sends one request. */
  send(method: string, path: string, body?: object): Promise<OsbAnswer> {
    return this.#client.send(method, path, body);
  }

  /** Like `send`, with `accepts_incomplete=true`: the platform will poll. */
  sendAsync(method: string, path: string, query: string, body?: object): Promise<OsbAnswer> {
    return this.send(method, `${path}?accepts_incomplete=true${query === "" ? "" : `&${query}`}`, body);
  }

  /** The path of an instance. */
  pathOf({ id }: ModelInstance): string {
    return `/v2/service_instances/${id}`;
  }

  /** The path of a binding. */
  bindingPathOf({ id, instance }: ModelBinding): string {
    return `${this.pathOf(instance)}/service_bindings/${id}`;
  }

  /** The path of an instance's backups and restores. */
  backupPathOf(instance: ModelInstance): string {
    return `${this.pathOf(instance)}/extensions/backup`;
  }

  /** The id of a shape's plan. @throws RangeError when the broker does not offer it */
  planIdOf({ plan }: InstanceShape): string {
    const id = this.offer.planIds[plan];
    if (id === undefined) throw new RangeError(`the broker offers no plan ${plan}`);
    return id;
  }

  /** service_id and plan_id, as a query. Default of the shape: the one that the platform believes the instance has. */
  queryOf(instance: ModelInstance, shape = believedShape(instance)): string {
    return `service_id=${this.offer.serviceId}&plan_id=${this.planIdOf(shape)}`;
  }

  /** service_id, plan_id and the tenant's context, as members of a body. */
  bodyOf(tenant: number, shape: InstanceShape): { service_id: string; plan_id: string; context: TenantContext } {
    return { service_id: this.offer.serviceId, plan_id: this.planIdOf(shape), context: contextOf(tenant) };
  }
}

/** The shape that an instance had before anything uncertain happened to it. */
export function believedShape({ id, shapes }: ModelInstance): InstanceShape {
  const [shape] = shapes;
  if (shape === undefined) throw new RangeError(`the instance ${id} has no shape`);
  return shape;
}

/** Judges the refusal of a valid order: it is allowed only at an instance that may have been busy. @throws BrokenPromise if it was idle */
export function refuseUnlessBusy(what: string, { id }: ModelInstance, wasIdle: boolean, answer: OsbAnswer): void {
  if (wasIdle) throw new BrokenPromise(`${what} of ${id} was refused although it is idle: ${describeAnswer(answer)}`);
}
