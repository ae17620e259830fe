import { describeAnswer } from "../../clients/osb.ts";
import { markGone, type ModelBinding, type ModelInstance } from "../model.ts";
import { BrokenPromise } from "../../errors.ts";
import type { PlatformClient } from "./client.ts";
import { noteCredentials } from "./orders.ts";
import { bodyOf, readAnswer } from "./reading.ts";

/** Polls operations of instances and bindings, and notes what it learns. */
export class OperationObserver {
  readonly #client: PlatformClient;

  constructor(client: PlatformClient) {
    this.#client = client;
  }

  /** Polls once what is in progress at an instance and its bindings. @throws BrokenPromise when the broker does not know an operation */
  async observe(instance: ModelInstance): Promise<void> {
    if (instance.phase !== "standing" || instance.update !== undefined || instance.uncertain)
      await this.#observeInstance(instance);
    for (const binding of instance.bindings) await this.#observeBinding(binding);
  }

  async #observeInstance(instance: ModelInstance): Promise<void> {
    const path = `${this.#client.pathOf(instance)}/last_operation?${this.#client.queryOf(instance)}`;
    const answer = await this.#client.send("GET", path);
    const reading = readAnswer(answer);
    if (reading === "gone" && instance.phase === "going") return markGone(instance);
    if (reading === "gone" || reading === "refused")
      throw new BrokenPromise(`the operation of ${instance.id} is not known: ${describeAnswer(answer)}`);
    const { state, instance_usable: usable } = bodyOf(answer);
    if (reading === "open" || state === "in progress") return;
    noteEnd(instance, state === "succeeded", usable !== false);
  }

  async #observeBinding(binding: ModelBinding): Promise<void> {
    if (binding.phase !== "making" && binding.phase !== "going") return;
    const path = this.#client.bindingPathOf(binding);
    const query = this.#client.queryOf(binding.instance);
    const answer = await this.#client.send("GET", `${path}/last_operation?${query}`);
    const reading = readAnswer(answer);
    const { state } = bodyOf(answer);
    if (reading === "open" || state === "in progress") return;
    if (binding.phase === "going") {
      binding.phase = reading === "gone" || state === "succeeded" ? "gone" : "orphaned";
    } else if (state === "succeeded") {
      const fetched = await this.#client.send("GET", path);
      if (readAnswer(fetched) === "done") noteCredentials(binding, fetched);
    } else binding.phase = "orphaned";
  }
}

/** Notes that the operation of an instance has ended. */
function noteEnd(instance: ModelInstance, hasSucceeded: boolean, isUsable: boolean): void {
  if (instance.phase === "making") instance.phase = hasSucceeded ? "standing" : "orphaned";
  else if (instance.phase === "going") {
    if (hasSucceeded) markGone(instance);
    else instance.phase = "orphaned";
  } else {
    if (hasSucceeded && instance.update !== undefined && !instance.uncertain) instance.shapes = [instance.update];
    instance.usable = hasSucceeded || isUsable;
    instance.update = undefined;
    instance.uncertain = false;
  }
}
