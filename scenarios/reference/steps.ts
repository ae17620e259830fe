import type { Environment } from "../../simulators/environment.ts";
import type { World } from "../../simulators/world.ts";
import { openStackClient } from "../clients/openstack.ts";
import { ScenarioError } from "../errors.ts";
import { pollUntil } from "../poll.ts";
import type { ScenarioFixture } from "./fixture.ts";
import type { Exercise } from "../coverage.ts";
import { type InstanceShape, isIdle, type ModelBackup, type ModelBinding, type ModelInstance } from "./model.ts";
import type { Standing, Step } from "./step.ts";
import { believedShape } from "./platform/client.ts";
import type { ReferencePlatform } from "./platform/platform.ts";
import { bindNew, waitUntil } from "./settle.ts";

/** The larger or replicated plan that each plan may move to, by index. */
const GROWTH: readonly (number | undefined)[] = [1, 3, 3, undefined];
const CONNECTIONS = { first: 100, step: 10 } as const;

const firstShape = (plan: number, parameters: boolean): InstanceShape => ({
  plan,
  maxConnections: parameters ? CONNECTIONS.first : null,
});

/** The request of an update: the next larger plan, or more connections if there is none or `grow` is false. */
function growShape(instance: ModelInstance, grow: boolean): InstanceShape {
  const { plan, maxConnections } = instance.shapes.at(-1) ?? believedShape(instance);
  const next = grow ? GROWTH[plan] : undefined;
  if (next !== undefined) return { plan: next, maxConnections };
  return { plan, maxConnections: (maxConnections ?? CONNECTIONS.first) + CONNECTIONS.step };
}

const pick = <T>(list: readonly T[], index: number): T | undefined => list[index % Math.max(1, list.length)];

/** The idle ones, if the step asks for them and there are any; else all. */
function chooseFrom<T>(all: readonly T[], isReady: (each: T) => boolean, wantsReady = false): readonly T[] {
  const ready = wantsReady ? all.filter(isReady) : [];
  return ready.length > 0 ? ready : all;
}

/** Performs the steps of a plan. A step that finds nothing to work on does nothing. */
export class Steps {
  readonly #fixture: ScenarioFixture;
  readonly #platform: ReferencePlatform;

  constructor(fixture: ScenarioFixture, platform: ReferencePlatform) {
    this.#fixture = fixture;
    this.#platform = platform;
  }

  /** Performs a step, after the platform has looked at everything in progress. Returns whether there was anything to do. @throws BrokenPromise */
  async perform(step: Step): Promise<boolean> {
    const { model } = this.#platform;
    for (const instance of model.instances) await this.#platform.observe(instance);
    noteStates(this.#fixture.exercise, model);
    switch (step.do) {
      case "provision":
        await this.#platform.orders.provision(step.tenant, firstShape(step.plan, step.parameters));
        return true;
      case "update":
      case "bind":
      case "deprovision":
      case "backup":
        return this.#on(this.#instanceFor(step), (each) => this.#order(step, each));
      case "unbind":
        return this.#on(this.#bindingFor(step), (each) => this.#platform.orders.unbind(each));
      case "write":
        return this.#on(this.#bindingFor(step), (each) => this.#write(each, step.rows));
      case "restore":
        return this.#on(this.#backupFor(step), (each) => this.#platform.backups.restore(each));
      case "vanish":
        return this.#note("vanish", await vanish(this.#fixture.world, step.instance));
      case "kill-broker":
        return this.#note("kill-broker", this.#killBroker(step.downMs));
      case "pass":
        await this.#fixture.world.driver.sleep(step.ms);
        return true;
    }
  }

  #note(what: string, hasActed: boolean): boolean {
    if (hasActed) this.#fixture.exercise.note("steps", what);
    return hasActed;
  }

  #write(binding: ModelBinding, rows: number): void {
    this.#note("write", this.#platform.applications.write(binding, rows));
  }

  async #order(
    step: Extract<Step, { do: "update" | "bind" | "deprovision" | "backup" }>,
    instance: ModelInstance,
  ): Promise<void> {
    const { orders, backups } = this.#platform;
    switch (step.do) {
      case "update":
        return orders.update(instance, growShape(instance, step.grow));
      case "bind":
        return void (await orders.bind(instance));
      case "deprovision":
        return orders.deprovision(instance);
      case "backup":
        return backups.backUp(instance);
    }
  }

  /** Makes an instance with a binding and some rows, before anything breaks. */
  async prepareStanding({ tenant, plan, hasBackup = false }: Standing): Promise<void> {
    const instance = await this.#platform.orders.provision(tenant, firstShape(plan, false));
    await waitUntil(this.#fixture.world, "the first instances", async () => {
      await this.#platform.observe(instance);
      return instance.phase === "standing";
    });
    const binding = await bindNew(this.#fixture, this.#platform, instance);
    this.#platform.applications.write(binding, 2);
    if (!hasBackup) return;
    await this.#platform.backups.backUp(instance);
    await waitUntil(this.#fixture.world, "the first backups", async () => {
      await this.#platform.observe(instance);
      return isIdle(instance);
    });
  }

  async #on<T>(target: T | undefined, work: (target: T) => Promise<void> | void): Promise<boolean> {
    if (target === undefined) return false;
    await work(target);
    return true;
  }

  #instanceFor({
    instance,
    ready,
  }: {
    readonly instance: number;
    readonly ready?: boolean;
  }): ModelInstance | undefined {
    const alive = this.#platform.model.instances.filter(({ phase }) => phase !== "gone");
    return pick(chooseFrom(alive, isIdle, ready), instance);
  }

  #bindingFor({ binding, ready }: { readonly binding: number; readonly ready?: boolean }): ModelBinding | undefined {
    const standing = this.#platform.model.bindings.filter(({ phase }) => phase === "standing");
    return pick(
      chooseFrom(standing, ({ instance }) => isIdle(instance), ready),
      binding,
    );
  }

  #backupFor({ backup, ready }: { readonly backup: number; readonly ready?: boolean }): ModelBackup | undefined {
    const usable = this.#platform.model.backups.filter(
      ({ phase, instance }) => phase === "usable" && instance.restore === undefined,
    );
    return pick(
      chooseFrom(usable, ({ instance }) => isIdle(instance), ready),
      backup,
    );
  }

  #killBroker(downMs: number): boolean {
    const fixture = this.#fixture;
    const wasUp = fixture.isUp;
    fixture.kill();
    // By then everything may have healed, and the broker may be up again.
    fixture.world.kernel.schedule(downMs, () => {
      if (!fixture.isUp) fixture.restart();
    });
    return wasUp;
  }
}

/** Records the states of what a platform has ordered. */
function noteStates(exercise: Exercise, { instances, bindings, backups }: ReferencePlatform["model"]): void {
  for (const instance of instances) exercise.note("states", `instance ${stateOf(instance)}`);
  for (const { phase } of bindings) exercise.note("states", `binding ${phase}`);
  for (const { phase } of backups) exercise.note("states", `backup ${phase}`);
}

function stateOf({ phase, update, uncertain, usable, restore }: ModelInstance): string {
  if (phase !== "standing") return phase;
  if (!usable) return "out of order";
  if (uncertain) return "uncertain";
  if (update !== undefined) return "being updated";
  return restore === undefined ? "standing" : "being restored";
}

/** Deletes a VM of a service instance in OpenStack, with its port, without telling anybody. Returns whether there was one. */
async function vanish(world: World, index: number): Promise<boolean> {
  const cid = pick(listDataServiceVms(world), index);
  if (cid === undefined) return false;
  const openstack = await untilAnswered(world, "a login to OpenStack", (environment) => {
    const credentials = { ...world.credentials.cpi, authUrl: world.credentials.openstackAdmin.authUrl };
    return openStackClient(environment, credentials);
  });
  const ports = await untilAnswered(world, "a list of ports", () =>
    openstack.list("network", `/ports?device_id=${cid}`, "ports"),
  );
  await openstack.call("compute", "DELETE", `/servers/${cid}`);
  for (const { id } of ports) await openstack.call("network", "DELETE", `/ports/${id}`);
  return true;
}

const ANSWER_MS_MAX = 600_000;

/** Asks until there is an answer: this request meets the same faults as any other, and tries again. */
function untilAnswered<T>(world: World, what: string, ask: (environment: Environment) => Promise<T>): Promise<T> {
  const environment = world.environmentAt(world.plan.applications);
  return pollUntil(environment, what, 1000, ANSWER_MS_MAX, async () => {
    try {
      return await ask(environment);
    } catch (error) {
      if (error instanceof ScenarioError || error instanceof TypeError) return undefined;
      throw error;
    }
  });
}

/** Lists the ids of VMs that run a data service, oldest first. */
function listDataServiceVms({ openstack, dataservices }: World): readonly string[] {
  const { nova, neutron } = openstack.state();
  const carrying = new Set(dataservices.instances().map(({ address }) => address));
  const devices = new Set(
    [...neutron.ports.values()].flatMap(({ deviceId, fixedIps }) =>
      fixedIps.some(({ ip }) => carrying.has(ip)) ? [deviceId] : [],
    ),
  );
  return [...nova.servers.values()].filter(({ id, task }) => devices.has(id) && task === null).map(({ id }) => id);
}
