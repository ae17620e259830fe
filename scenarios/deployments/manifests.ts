import { writeYaml } from "./yaml.ts";
import { ZONES } from "./cloud-config.ts";
import type { Extension } from "./security-groups.ts";

/** The data services that the platform can offer. */
export const SERVICES = ["postgresql", "redis", "mongodb"] as const;
/** The name of a data service that the platform can offer. */
export type ServiceName = (typeof SERVICES)[number];

/** The stemcell of every VM that the director creates. */
export const STEMCELL = {
  name: "bosh-openstack-kvm-ubuntu-jammy-go_agent",
  version: "1.500",
  operatingSystem: "ubuntu-jammy",
} as const;

interface Group {
  readonly name: string;
  readonly instances: number;
  readonly jobs: readonly { readonly name: string; readonly release: string; readonly properties?: object }[];
  readonly disk?: string;
  /** VM extension that gives its VMs their security groups. Default: those of the network. */
  readonly extension?: Extension;
}

function manifest(name: string, groups: readonly Group[]): string {
  const releases = [...new Set(groups.flatMap(({ jobs }) => jobs.map(({ release }) => release)))];
  return writeYaml({
    name,
    releases: releases.map((release) => ({ name: release, version: "1" })),
    stemcells: [{ alias: "default", os: STEMCELL.operatingSystem, version: STEMCELL.version }],
    update: { canaries: 1, max_in_flight: 1, canary_watch_time: "1000-180000", update_watch_time: "1000-180000" },
    instance_groups: groups.map(({ name: group, instances, jobs, disk, extension }) => ({
      name: group,
      instances,
      azs: ZONES,
      jobs,
      vm_type: "small",
      ...(extension === undefined ? {} : { vm_extensions: [extension] }),
      ...(disk === undefined ? {} : { persistent_disk_type: disk }),
      stemcell: "default",
      networks: [{ name: "management" }],
    })),
  });
}

/** A deployment of the platform: its name and its manifest, in YAML. */
export interface PlatformDeployment {
  readonly name: string;
  readonly manifest: string;
}

/** The management services, in the order of their deployment: DNS first, then the store, then what needs both. */
export const MANAGEMENT_SERVICES: readonly PlatformDeployment[] = [
  {
    name: "consul-dns",
    manifest: manifest("consul-dns", [
      {
        name: "consul",
        instances: 3,
        jobs: [{ name: "consul-server", release: "consul-dns", properties: { domain: "dc1.consul" } }],
        disk: "nano",
        extension: "consul",
      },
    ]),
  },
  {
    name: "a9s-pg",
    manifest: manifest("a9s-pg", [
      {
        name: "pg",
        instances: 3,
        jobs: [{ name: "platform-postgresql", release: "a9s-pg", properties: { port: 5432 } }],
        disk: "small",
        extension: "a9s-pg",
      },
    ]),
  },
  {
    name: "backup-service",
    manifest: manifest("backup-service", [
      {
        name: "backup-manager",
        instances: 1,
        jobs: [{ name: "backup-manager", release: "backup-service", properties: { container: "backups" } }],
        disk: "nano",
      },
    ]),
  },
  {
    name: "service-guard",
    manifest: manifest("service-guard", [
      {
        name: "guard",
        instances: 1,
        jobs: [{ name: "service-guard", release: "service-guard", properties: { prefix: "guard_" } }],
      },
    ]),
  },
];

/** The deployment of a service's control plane: one VM, on which its broker runs. */
export function controlPlane(service: ServiceName): PlatformDeployment {
  const properties = { service, port: 3000, name: `${service}-service-broker` };
  return {
    name: `${service}-service`,
    manifest: manifest(`${service}-service`, [
      {
        name: "broker",
        instances: 1,
        jobs: [{ name: "service-broker", release: `${service}-service`, properties }],
        extension: "control-plane",
      },
    ]),
  };
}
