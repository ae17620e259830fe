import { writeYaml } from "./yaml.ts";
import type { AddressPlan, Subnet } from "../../simulators/addresses.ts";
import { EXTENSIONS, type GroupName, groupsOf } from "./security-groups.ts";

/** A size of VMs and disks: the cloud config has a VM type and a disk type of this name, OpenStack a flavor. */
interface Size {
  readonly name: "nano" | "small" | "medium" | "big";
  readonly memoryMb: number;
  readonly cpus: number;
  readonly ephemeralGb: number;
  readonly persistentMb: number;
}

/** The sizes that the platform offers, from small to large. */
export const SIZES: readonly Size[] = [
  { name: "nano", cpus: 1, memoryMb: 1024, ephemeralGb: 4, persistentMb: 2048 },
  { name: "small", cpus: 1, memoryMb: 2048, ephemeralGb: 8, persistentMb: 4096 },
  { name: "medium", cpus: 2, memoryMb: 4096, ephemeralGb: 8, persistentMb: 10240 },
  { name: "big", cpus: 4, memoryMb: 8192, ephemeralGb: 16, persistentMb: 30720 },
];

/** The availability zones of the platform. All of them are OpenStack's `nova`. */
export const ZONES = ["z1", "z2", "z3"] as const;

/** Ids of the platform's networks in OpenStack. */
export interface Networks {
  readonly management: string;
  readonly serviceInstances: string;
}

function manualNetwork(
  name: string,
  subnet: Subnet,
  networkId: string,
  group: GroupName,
  reserved: readonly string[],
): object {
  return {
    name,
    type: "manual",
    subnets: [
      {
        range: subnet.cidr,
        gateway: subnet.gateway,
        azs: ZONES,
        dns: [subnet.gateway],
        reserved,
        cloud_properties: { net_id: networkId, security_groups: [group] },
      },
    ],
  };
}

/**
 * Writes the platform's cloud config, as YAML (bosh.io/docs/cloud-config): three zones, a VM type and a disk type for each size, two networks,
 * the security groups of the platform's jobs.
 */
export function cloudConfig(plan: AddressPlan, networks: Networks): string {
  const { block } = plan;
  return writeYaml({
    azs: ZONES.map((name) => ({ name, cloud_properties: { availability_zone: "nova" } })),
    vm_types: SIZES.map(({ name }) => ({ name, cloud_properties: { instance_type: `m1.${name}` } })),
    vm_extensions: EXTENSIONS.map((name) => ({ name, cloud_properties: { security_groups: groupsOf(name) } })),
    disk_types: SIZES.map(({ name, persistentMb }) => ({ name, disk_size: persistentMb, cloud_properties: {} })),
    networks: [
      // The director and the inception VM got their addresses before there was a director to assign any.
      manualNetwork("management", plan.management, networks.management, "management", [`${block}.0.2-${block}.0.9`]),
      manualNetwork("service-instances", plan.serviceInstances, networks.serviceInstances, "service-instances", []),
    ],
    compilation: { workers: 2, reuse_compilation_vms: true, az: "z1", vm_type: "small", network: "management" },
  });
}
