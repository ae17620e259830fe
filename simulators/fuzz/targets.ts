import { fileURLToPath } from "node:url";
import { addressPlan } from "../addresses.ts";
import { Kernel } from "../kernel/index.ts";
import { findBrokenLaws } from "../laws.ts";
import { boshTargets } from "./bosh.ts";
import { openStackTargets } from "./openstack.ts";
import { agentTarget, consulTarget, controlTarget } from "./others.ts";
import type { Target } from "./target.ts";

/** Real requests, which show what routes accept. */
const recordingFile = (name: string): string =>
  fileURLToPath(new URL(`../../docs/parity/recordings/${name}.jsonl.gz`, import.meta.url));

/** Every API of the simulators, each with resources that requests can name. */
export interface AttackedWorld {
  readonly targets: readonly Target[];
  /** The laws of the world that they make together, judged on whatever the attack has left. */
  readonly laws: () => readonly string[];
}

/** Opens them all, from one seed. */
export async function openTargets(seed: number): Promise<AttackedWorld> {
  const cloud = await openStackTargets(seed, recordingFile("openstack-zed"));
  const director = await boshTargets(seed, recordingFile("bosh-283"));
  const consul = consulTarget(seed, recordingFile("consul-1.8.7"));
  const agent = agentTarget(seed);
  const plan = addressPlan();
  const world = {
    openstack: cloud.openstack,
    bosh: director.bosh,
    dns: consul.dns,
    dataservices: agent.services,
    plan,
    directorAddress: plan.director,
  };
  const laws = (): readonly string[] => findBrokenLaws(world);
  // A world of its own: snapshots put the clock back.
  const control = controlTarget(new Kernel({ seed }), laws);
  return { targets: [...cloud.targets, ...director.targets, consul.target, agent.target, control], laws };
}
