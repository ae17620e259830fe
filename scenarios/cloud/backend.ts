import type { Backend } from "../../conformance/index.ts";
import { AGENT_PORT, DIRECTOR_PORT } from "../../simulators/addresses.ts";
import type { FaultRule } from "../../simulators/kernel/index.ts";
import type { World } from "../../simulators/world.ts";
import type { ServiceName } from "../deployments/manifests.ts";

const MESSAGE = "the backend fails on purpose";

/** Tasks of the director fail at their beginning, and servers refuse to make or drop users. */
const failures = (service: ServiceName): readonly FaultRule[] => [
  { point: "director:task", count: null, effect: { kind: "error", message: MESSAGE } },
  {
    point: "dataservice:credentials",
    match: { kind: service },
    count: null,
    effect: { kind: "error", message: MESSAGE },
  },
];

/**
 * What stands behind the reference broker of a service, slow or broken on purpose. `hold` stalls its connections to the director
 * and to the agents of instances, so that each operation stays where it is; `release` lets them through in the order in which they came.
 * `fail` arms faults until `heal`. All of it can be asked for again, and what is not held or broken can be released and healed.
 *
 * The fault model says what a subject must survive; a network that stalls is less than any of it.
 */
export function referenceBackend(world: World, service: ServiceName): Backend {
  let gate: PromiseWithResolvers<void> | undefined;
  let armed: readonly number[] = [];
  const isBehind = (address: string, port: number): boolean =>
    (address === world.directorAddress && port === DIRECTOR_PORT) || port === AGENT_PORT;
  return {
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
