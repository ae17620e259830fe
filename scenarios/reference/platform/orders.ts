import { isOf } from "../../clients/answers.ts";
import { BindingBody, describeAnswer, type OsbAnswer } from "../../clients/osb.ts";
import { type InstanceShape, isIdle, markGone, type Model, type ModelBinding, type ModelInstance } from "../model.ts";
import { BrokenPromise } from "../../errors.ts";
import { believedShape, type PlatformClient, refuseUnlessBusy } from "./client.ts";
import { bodyOf } from "./reading.ts";

/** The parameters of a shape, as members of a body. */
const parametersOf = ({ maxConnections }: InstanceShape): object =>
  maxConnections === null ? {} : { parameters: { max_connections: maxConnections } };

/** Notes the credentials of a binding. @throws BrokenPromise when there are none */
export function noteCredentials(binding: ModelBinding, answer: OsbAnswer): void {
  const body = bodyOf(answer);
  if (!isOf(BindingBody, body)) throw new BrokenPromise(`the binding ${binding.id} has no credentials`);
  binding.credentials = body.credentials;
  binding.phase = "standing";
}

/** A platform's orders for instances and bindings, and what it learns from the answers. Every method throws BrokenPromise. */
export class Orders {
  readonly #client: PlatformClient;
  readonly #model: Model;

  constructor(client: PlatformClient, model: Model) {
    this.#client = client;
    this.#model = model;
  }

  async provision(tenant: number, shape: InstanceShape): Promise<ModelInstance> {
    const instance = this.#model.add(this.#client.newId(), tenant, shape);
    const { context, ...ids } = this.#client.bodyOf(tenant, shape);
    const { organization_guid, space_guid } = context;
    const body = { ...ids, context, organization_guid, space_guid, ...parametersOf(shape) };
    const answer = await this.#client.sendAsync("PUT", this.#client.pathOf(instance), "", body);
    const reading = this.#client.read("provision", answer);
    if (reading === "refused" || reading === "gone")
      throw new BrokenPromise(`a valid provision was refused: ${describeAnswer(answer)}`);
    instance.phase = reading === "accepted" ? "making" : reading === "done" ? "standing" : "orphaned";
    return instance;
  }

  async update(instance: ModelInstance, to: InstanceShape): Promise<void> {
    const wasIdle = isIdle(instance);
    const body = {
      service_id: this.#client.offer.serviceId,
      plan_id: this.#client.planIdOf(to),
      ...parametersOf(to),
    };
    const answer = await this.#client.sendAsync("PATCH", this.#client.pathOf(instance), "", body);
    switch (this.#client.read("update", answer)) {
      case "accepted":
        instance.update = to;
        instance.shapes = [...instance.shapes, to];
        return;
      case "done":
        instance.shapes = [to];
        return;
      case "open":
        instance.uncertain = true;
        instance.shapes = [...instance.shapes, to];
        return;
      default:
        refuseUnlessBusy("an update", instance, wasIdle, answer);
    }
  }

  async bind(instance: ModelInstance): Promise<ModelBinding> {
    const wasIdle = isIdle(instance);
    const binding = this.#model.bind(this.#client.newId(), instance);
    const body = this.#client.bodyOf(instance.tenant, believedShape(instance));
    const answer = await this.#client.sendAsync("PUT", this.#client.bindingPathOf(binding), "", {
      ...body,
      bind_resource: { space_guid: body.context.space_guid },
    });
    const reading = this.#client.read("bind", answer);
    if (reading === "done") noteCredentials(binding, answer);
    else if (reading === "open") binding.phase = "orphaned";
    else if (reading !== "accepted") {
      binding.phase = "gone";
      refuseUnlessBusy("a binding", instance, wasIdle, answer);
    }
    return binding;
  }

  async unbind(binding: ModelBinding): Promise<void> {
    const { instance } = binding;
    const wasIdle = isIdle(instance);
    const query = this.#client.queryOf(instance);
    const answer = await this.#client.sendAsync("DELETE", this.#client.bindingPathOf(binding), query);
    const reading = this.#client.read("unbind", answer);
    if (reading === "done" || reading === "gone") binding.phase = "gone";
    else if (reading === "accepted") binding.phase = "going";
    else if (reading === "open") binding.phase = "orphaned";
    else refuseUnlessBusy("an unbinding", instance, wasIdle, answer);
  }

  async deprovision(instance: ModelInstance): Promise<void> {
    const wasIdle = isIdle(instance);
    for (const shape of instance.shapes) {
      const query = this.#client.queryOf(instance, shape);
      const answer = await this.#client.sendAsync("DELETE", this.#client.pathOf(instance), query);
      const reading = this.#client.read("deprovision", answer);
      if (reading === "done" || reading === "gone") markGone(instance);
      else if (reading === "accepted") instance.phase = "going";
      else if (reading === "open") instance.phase = "orphaned";
      // A platform that does not know which plan the instance has tries each.
      else if (instance.shapes.length > 1 && shape !== instance.shapes.at(-1)) continue;
      else refuseUnlessBusy("a deprovision", instance, wasIdle, answer);
      return;
    }
  }
}
