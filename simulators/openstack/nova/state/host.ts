import type { ComputeHost } from "../../hosts.ts";
import type { Nova } from "./nova.ts";

/** The most that servers may ask of one host together; more finds no valid host. */
export const HOST_LIMITS = { vcpus: 4096, ramMb: 64 * 1024 * 1024, diskGb: 1024 * 1024 } as const;

/** An administrator's settings for the compute service of a host. */
export interface ServiceState {
  isDisabled: boolean;
  /** Why it is disabled; null where nobody said. */
  reason: string | null;
  /** Declared down by an administrator, so that its servers may be evacuated. */
  isForcedDown: boolean;
}

const HEALTHY: Readonly<ServiceState> = { isDisabled: false, reason: null, isForcedDown: false };

/** The compute service of a host. */
export const serviceOf = (nova: Nova, host: string): Readonly<ServiceState> =>
  nova.slot.value.services.get(host) ?? HEALTHY;

/** Changes what an administrator has said about the compute service of a host. */
export function setService(nova: Nova, host: string, change: Partial<ServiceState>): void {
  nova.slot.value.services.set(host, { ...serviceOf(nova, host), ...change });
  nova.cloud.kernel.record("nova", "service.update", host, { ...change });
}

/** A host by its name. */
export const findHost = (nova: Nova, name: string): ComputeHost | undefined =>
  nova.cloud.hosts.find((host) => host.name === name);

/** The zone of a host: that of an aggregate which holds it and names one, otherwise its own. */
export function zoneOf(nova: Nova, host: ComputeHost): string {
  for (const { hosts, zone } of nova.slot.value.aggregates.values())
    if (zone !== null && hosts.includes(host.name)) return zone;
  return host.zone;
}

/** Every zone in which there are hosts, the default one first. */
export function zonesInUse(nova: Nova): readonly string[] {
  return [...new Set([...nova.cloud.zones, ...nova.cloud.hosts.map((host) => zoneOf(nova, host))])];
}

/** The services that no host runs, on a machine that runs none: the same ids in every cloud. */
export const CONTROLLERS = ["conductor", "scheduler"] as const;

/** The name of the machine with the control plane. */
export const controllerOf = ({ cloud }: Nova): string => (cloud.profile === "rig" ? "ref" : "controller");

const ID_PREFIX = "0b9c1a7e-0c3f-4a5e-9b1f-5f2a7f6d1c";

/** The id of the nth service of a cloud: first the control plane's, then one for each host. */
export const serviceId = (index: number): string => `${ID_PREFIX}${(index + 1).toString(16).padStart(2, "0")}`;

/** The id of the hypervisor of the nth host. */
export const hypervisorId = (index: number): string => `${ID_PREFIX}${(index + 0x81).toString(16)}`;
