import { type Bosh, disksOf } from "../bosh/index.ts";
import type { AddressPlan } from "../addresses.ts";
import type { DataServices } from "../dataservices/index.ts";
import type { Dns } from "../dns/index.ts";
import type { OpenStack } from "../openstack/index.ts";

/** The parts of a world that the laws look at. */
export interface LawfulWorld {
  readonly openstack: Pick<OpenStack, "state">;
  readonly bosh: Pick<Bosh, "state">;
  readonly dns: Pick<Dns, "catalog">;
  readonly dataservices: Pick<DataServices, "instances" | "disks" | "parts" | "at" | "primaryOf" | "isStale">;
  readonly plan: AddressPlan;
  readonly directorAddress: string;
}

type DirectorState = ReturnType<Bosh["state"]>;
type Deployment = DirectorState["deployments"] extends Map<string, infer D> ? D : never;
/** An instance as the director keeps it. */
export type Instance = Deployment["instances"][number];
type Port = ReturnType<OpenStack["state"]>["neutron"]["ports"] extends Map<string, infer P> ? P : never;

/** Indexes over what exists, made once for all laws. */
export interface Lookup {
  /** The project in which the director's own machine lives; the platform owns what is in it. Empty: there is no director yet. */
  readonly project: string;
  /** The director's instances. */
  readonly instances: readonly Instance[];
  readonly byAddress: ReadonlyMap<string, Instance>;
  readonly byVm: ReadonlyMap<string, Instance>;
  readonly byDisk: ReadonlyMap<string, Instance>;
  /** The founders: servers older than the director, namely its own and the one from which it was deployed. */
  readonly founders: ReadonlySet<string>;
  /** Deployments that a task is working on. */
  readonly busy: ReadonlySet<string>;
  /** Whether a running task can have made what was made then (ms since the Unix epoch). */
  readonly inFlight: (createdMs: number) => boolean;
}

/** One law, or several: returns a line for each violation. */
export type Law = (world: LawfulWorld, known: Lookup) => readonly string[];

const isAtWork = ({ state, deadSinceMs }: { state: string; deadSinceMs: number | null }): boolean =>
  deadSinceMs === null && (state === "processing" || state === "cancelling");

function findFounders(ports: ReadonlyMap<string, Port>, { plan, directorAddress }: LawfulWorld): readonly Port[] {
  const addresses = new Set([directorAddress, `${plan.block}.0.5`]);
  return [...ports.values()].filter(({ fixedIps }) => fixedIps.some(({ ip }) => addresses.has(ip)));
}

/** Indexes a world for the laws. */
export function lookUp(world: LawfulWorld): Lookup {
  const { deployments, tasks } = world.bosh.state();
  const founders = findFounders(world.openstack.state().neutron.ports, world);
  const instances = [...deployments.values()].flatMap((deployment) => deployment.instances);
  const running = [...tasks.values()].filter(isAtWork);
  const sinceMs = Math.min(...running.map(({ startedAt }) => (startedAt ?? 0) * 1000), Number.POSITIVE_INFINITY);
  return {
    project: founders[0]?.projectId ?? "",
    instances,
    byAddress: new Map(instances.flatMap((each) => each.ips.map(({ ip }) => [ip, each] as const))),
    byVm: new Map(instances.flatMap((each) => (each.vm === null ? [] : [[each.vm.cid, each] as const]))),
    byDisk: new Map(instances.flatMap((each) => disksOf(each).map(({ cid }) => [cid, each] as const))),
    founders: new Set(founders.map(({ deviceId }) => deviceId)),
    busy: new Set(running.flatMap(({ deployment }) => deployment ?? [])),
    inFlight: (createdMs) => createdMs >= sinceMs,
  };
}
