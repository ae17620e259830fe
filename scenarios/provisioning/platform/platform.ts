import Type from "typebox";
import type { World } from "../../../simulators/world.ts";
import { parseAs } from "../../clients/answers.ts";
import type { BrokerAddress } from "../../clients/osb.ts";
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

/** A platform as the OSB specification wants one, and its tenants' applications: what they order, learn and use is in its model. */
export class ReferencePlatform {
  readonly model = new Model();
  readonly orders: Orders;
  readonly backups: Backups;
  readonly applications: Applications;
  readonly #client: PlatformClient;
  readonly #observer: OperationObserver;

  constructor(world: World, broker: BrokerAddress, offer: PlanOffer) {
    this.#client = new PlatformClient(world, broker, offer);
    this.orders = new Orders(this.#client, this.model);
    this.backups = new Backups(this.#client, this.model);
    this.applications = new Applications(world);
    this.#observer = new OperationObserver(this.#client);
  }

  /** Asks once how things are with an instance, its bindings, backups and restore, and takes note. @throws BrokenPromise */
  async observe(instance: ModelInstance): Promise<void> {
    if (instance.phase === "gone" || instance.phase === "orphaned") return;
    await this.#observer.observe(instance);
    await this.backups.observe(instance);
  }

  /** What GET of an instance says that it is; undefined when it does not answer. */
  async fetchShape(instance: ModelInstance): Promise<InstanceShape | undefined> {
    const path = this.#client.pathOf(instance);
    const answer = await this.#client.send("GET", path);
    if (readAnswer(answer) !== "done") return undefined;
    const { plan_id: planId, parameters } = parseAs(InstanceBody, bodyOf(answer), `GET ${path}`);
    const plan = this.#client.offer.planIds.indexOf(planId);
    return { plan, maxConnections: parameters?.max_connections ?? null };
  }
}
