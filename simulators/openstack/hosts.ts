import type { CloudProfile } from "./profiles.ts";

/** A machine that runs servers. */
export interface ComputeHost {
  readonly name: string;
  readonly zone: string;
  /** The address at which its hypervisor answers the other hosts. */
  readonly address: string;
}

/** Hosts in each zone: with two a server can move without leaving its zone. */
const HOSTS_PER_ZONE = 2;

/** The zones of a cloud whose options name none: the default one, and another. */
export const zonesOf = (profile: CloudProfile): readonly string[] =>
  profile === "rig" ? ["nova"] : ["nova", "nova-2"];

/** The hosts of a cloud, in order of their names. The recorded rig is one machine, called `ref`. */
export function hostsOf(profile: CloudProfile, zones: readonly string[]): readonly ComputeHost[] {
  if (profile === "rig") return [{ name: "ref", zone: zones[0] ?? "nova", address: "127.0.0.1" }];
  return zones.flatMap((zone, at) =>
    Array.from({ length: HOSTS_PER_ZONE }, (_none, index) => {
      const number = at * HOSTS_PER_ZONE + index + 1;
      return { name: `compute-${number}`, zone, address: `192.0.2.${10 + number}` };
    }),
  );
}
