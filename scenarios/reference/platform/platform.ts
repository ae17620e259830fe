import Type from "typebox";
import type { World } from "../../../simulators/world.ts";
import { parseAs } from "../../clients/answers.ts";
import type { BrokerAddress } from "../../clients/osb.ts";
import { Exercise } from "../../coverage.ts";
import type { PlanOffer } from "../fixture.ts";
import { type InstanceShape, Model, type ModelInstance } from "../model.ts";
import { Applications } from "./applications.ts";
import { Backups } from "./backups.ts";
import { PlatformClient } from "./client.ts";
import { OperationObserver } from "./observer.ts";
import { Orders } from "./orders.ts";
import { bodyOf, readAnswer } from "./reading.ts";

const InstanceBody = Type.Object({
  plan_id: Type.String(),
  parameters: Type.Optional(Type.Object({ max_connections: Type.Optional(Type.Number()) })),
});

/** A platform that behaves as the OSB specification demands, and its tenants' applications. Its model holds what they have ordered and learned. */
export class ReferencePlatform {
  readonly model = new Model();
  readonly orders: Orders;
  readonly backups: Backups;
  readonly applications: Applications;
  readonly #client: PlatformClient;
  readonly #observer: OperationObserver;

  /** @param exercise records the result of each order. Default: nothing is recorded */
  constructor(world: World, broker: BrokerAddress, offer: PlanOffer, exercise = new Exercise()) {
    this.#client = new PlatformClient(world, broker, offer, exercise);
    this.orders = new Orders(this.#client, this.model);
    this.backups = new Backups(this.#client, this.model);
    this.applications = new Applications(world);
    this.#observer = new OperationObserver(this.#client);
  }

  /** Polls once what is in progress at an instance, and notes what it learns. @throws BrokenPromise */
  async observe(instance: ModelInstance): Promise<void> {
    if (instance.phase === "gone" || instance.phase === "orphaned") return;
    await this.#observer.observe(instance);
    await this.backups.observe(instance);
  }

  /** Fetches the shape of an instance; undefined when the broker does not return the instance. */
  async fetchShape(instance: ModelInstance): Promise<InstanceShape | undefined> {
    const path = this.#client.pathOf(instance);
    const answer = await this.#client.send("GET", path);
    if (readAnswer(answer) !== "done") return undefined;
    const { plan_id: planId, parameters } = parseAs(InstanceBody, bodyOf(answer), `GET ${path}`);
    const plan = this.#client.offer.planIds.indexOf(planId);
    return { plan, maxConnections: parameters?.max_connections ?? null };
  }
}
