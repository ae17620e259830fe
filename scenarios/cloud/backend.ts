import type { Backend } from "../../conformance/index.ts";
import { AGENT_PORT, DIRECTOR_PORT } from "../../simulators/addresses.ts";
import type { FaultRule } from "../../simulators/kernel/index.ts";
import type { World } from "../../simulators/world.ts";
import type { ServiceName } from "../deployments/manifests.ts";
import type { RunningBroker } from "./brokers.ts";
import { dashboardHooks } from "./operator/dashboards.ts";
import { operatorFaults } from "./operator/faults.ts";
import { operatorLooks } from "./operator/looks.ts";
import { BackupObjects } from "./operator/store.ts";
import type { FakePlatform } from "./platform/platform.ts";

const MESSAGE = "the backend fails on purpose";

/** The director's tasks fail as they begin, and data services refuse to create or drop users. */
const failures = (service: ServiceName): readonly FaultRule[] => [
  { point: "director:task", count: null, effect: { kind: "error", message: MESSAGE } },
  {
    point: "dataservice:credentials",
    match: { kind: service },
    count: null,
    effect: { kind: "error", message: MESSAGE },
  },
];

/** The dashboards of a broker, and the platform whose users may see them. */
interface Dashboards {
  readonly broker: RunningBroker;
  readonly platform: FakePlatform;
}

/**
 * The backend of a reference broker, slow or broken on purpose. `hold` stalls the broker's connections to the director and to the agents of
 * instances, so that each operation stays where it is; `release` lets them through in order of arrival. `fail` arms faults until `heal`. Each may
 * be called again, and `release` and `heal` do nothing if nothing is held or broken. A stalling network demands less of the subject than anything
 * in the fault model.
 *
 * @param dashboards what managers of instances are shown; default: nobody sees dashboards
 */
export function referenceBackend(world: World, service: ServiceName, dashboards?: Dashboards): Backend {
  const store = new BackupObjects(world);
  const shown = dashboards && dashboardHooks(world, dashboards.broker, dashboards.platform);
  let gate: PromiseWithResolvers<void> | undefined;
  let armed: readonly number[] = [];
  const isBehind = (address: string, port: number): boolean =>
    (address === world.directorAddress && port === DIRECTOR_PORT) || port === AGENT_PORT;
  return {
    faults: { ...operatorFaults(world, store), ...shown?.faults },
    looks: { ...operatorLooks(world, store), ...shown?.looks },
    hold: async () => {
      gate ??= Promise.withResolvers();
      const { promise } = gate;
      world.net.holds = (source, address, port) =>
        source !== world.plan.applications && isBehind(address, port) ? promise : undefined;
    },
    release: async () => {
      world.net.holds = () => undefined;
      world.driver.woke();
      gate?.resolve();
      gate = undefined;
    },
    fail: async () => {
      if (armed.length === 0) armed = failures(service).map((rule) => world.kernel.faults.arm(rule));
    },
    heal: async () => {
      for (const id of armed) world.kernel.faults.disarm(id);
      armed = [];
    },
  };
}
