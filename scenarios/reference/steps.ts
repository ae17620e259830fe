import type { World } from "../../simulators/world.ts";
import { type OpenStackClient, openStackClient } from "../clients/openstack.ts";
import { ScenarioError } from "../errors.ts";
import { pollUntil } from "../poll.ts";
import type { ScenarioFixture } from "./fixture.ts";
import type { ModelInstance, InstanceShape } from "./model.ts";
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

/** What an update asks for: the next larger plan, or where there is none or `grow` is false, more connections. */
function growShape(instance: ModelInstance, grow: boolean): InstanceShape {
  const { plan, maxConnections } = instance.shapes.at(-1) ?? believedShape(instance);
  const next = grow ? GROWTH[plan] : undefined;
  if (next !== undefined) return { plan: next, maxConnections };
  return { plan, maxConnections: (maxConnections ?? CONNECTIONS.first) + CONNECTIONS.step };
}

const pick = <T>(list: readonly T[], index: number): T | undefined => list[index % Math.max(1, list.length)];

/** Performs the steps of a plan. A step that finds nothing to work on does nothing. */
export class Steps {
  readonly #fixture: ScenarioFixture;
  readonly #platform: ReferencePlatform;

  constructor(fixture: ScenarioFixture, platform: ReferencePlatform) {
    this.#fixture = fixture;
    this.#platform = platform;
  }

  /** Performs a step, after the platform has looked at everything in progress. @throws BrokenPromise */
  async perform(step: Step): Promise<void> {
    const { model } = this.#platform;
    for (const instance of model.instances) await this.#platform.observe(instance);
    const alive = model.instances.filter(({ phase }) => phase !== "gone");
    switch (step.do) {
      case "provision":
        await this.#platform.orders.provision(step.tenant, firstShape(step.plan, step.parameters));
        return;
      case "update":
        return this.#on(pick(alive, step.instance), (each) =>
          this.#platform.orders.update(each, growShape(each, step.grow)),
        );
      case "bind":
        return this.#on(pick(alive, step.instance), async (each) => void (await this.#platform.orders.bind(each)));
      case "deprovision":
        return this.#on(pick(alive, step.instance), (each) => this.#platform.orders.deprovision(each));
      case "backup":
        return this.#on(pick(alive, step.instance), (each) => this.#platform.backups.backUp(each));
      case "unbind":
        return this.#on(pick(this.#bindings(), step.binding), (each) => this.#platform.orders.unbind(each));
      case "write":
        return this.#on(pick(this.#bindings(), step.binding), (each) =>
          this.#platform.applications.write(each, step.rows),
        );
      case "restore":
        return this.#on(pick(this.#usableBackups(), step.backup), (each) => this.#platform.backups.restore(each));
      case "vanish":
        return vanish(this.#fixture.world, step.instance);
      case "kill-broker":
        return this.#killBroker(step.downMs);
      case "pass":
        return this.#fixture.world.driver.sleep(step.ms);
    }
  }

  /** Makes an instance with a binding and some rows, before anything breaks. */
  async prepareStanding({ tenant, plan }: Standing): Promise<void> {
    const instance = await this.#platform.orders.provision(tenant, firstShape(plan, false));
    await waitUntil(this.#fixture.world, "the first instances", async () => {
      await this.#platform.observe(instance);
      return instance.phase === "standing";
    });
    const binding = await bindNew(this.#fixture, this.#platform, instance);
    this.#platform.applications.write(binding, 2);
  }

  #on<T>(target: T | undefined, work: (target: T) => Promise<void> | void): Promise<void> | void {
    return target === undefined ? undefined : work(target);
  }

  #bindings(): ReferencePlatform["model"]["bindings"] {
    return this.#platform.model.bindings.filter(({ phase }) => phase === "standing");
  }

  #usableBackups(): ReferencePlatform["model"]["backups"] {
    return this.#platform.model.backups.filter(
      ({ phase, instance }) => phase === "usable" && instance.restore === undefined,
    );
  }

  #killBroker(downMs: number): void {
    const fixture = this.#fixture;
    fixture.kill();
    // By then everything may have healed, and the broker may be up again.
    fixture.world.kernel.schedule(downMs, () => {
      if (!fixture.isUp) fixture.restart();
    });
  }
}

/** Deletes a VM of a service instance in OpenStack, with its port, behind everybody's back. */
async function vanish(world: World, index: number): Promise<void> {
  const cid = pick(listDataServiceVms(world), index);
  if (cid === undefined) return;
  const openstack = await logIn(world);
  const ports = await openstack.list("network", `/ports?device_id=${cid}`, "ports");
  await openstack.call("compute", "DELETE", `/servers/${cid}`);
  for (const { id } of ports) await openstack.call("network", "DELETE", `/ports/${id}`);
}

const LOGIN_MS_MAX = 600_000;

/** Logs in to OpenStack. Mischief meets the same faults as everybody, and tries again. */
function logIn(world: World): Promise<OpenStackClient> {
  const environment = world.environmentAt(world.plan.applications);
  const credentials = { ...world.credentials.cpi, authUrl: world.credentials.openstackAdmin.authUrl };
  return pollUntil(environment, "a login to OpenStack", 1000, LOGIN_MS_MAX, async () => {
    try {
      return await openStackClient(environment, credentials);
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
