import type { Kernel, Service } from "../kernel/index.ts";
import { createCinder } from "./cinder/index.ts";
import type { CinderState } from "./cinder/state/cinder.ts";
import { type Cloud, createCloud, type OpenStackOptions } from "./cloud.ts";
import { createDesignate, type DesignateState } from "./designate/index.ts";
import { createGlance } from "./glance/index.ts";
import { createKeystone } from "./keystone/index.ts";
import { createNeutron, type NeutronState } from "./neutron/index.ts";
import { createNova } from "./nova/index.ts";
import type { NovaState } from "./nova/state/nova.ts";
import { createOctavia, type OctaviaState } from "./octavia/index.ts";
import { createSwift, type SwiftState } from "./swift/index.ts";

import type { ServiceName } from "./catalog.ts";

export { NAMESERVER } from "./designate/state/state.ts";
export { CATALOG, CATALOG_TYPES, type CatalogType, SERVICE_NAMES, type ServiceName } from "./catalog.ts";
export { CLOUD_PROFILES, type CloudProfile } from "./profiles.ts";
export type { Cloud, OpenStackOptions } from "./cloud.ts";

/** One cloud: its services, and what exists in it. */
export interface OpenStack {
  readonly cloud: Cloud;
  readonly services: Readonly<Record<ServiceName, Service>>;
  /** Whether the security groups let `source` connect to `port` of `address`. `undefined` if no port of this cloud owns the address. */
  admitted(source: string, address: string, port: number): boolean | undefined;
  /** The state, for the world's laws; read-only. */
  state(): {
    readonly nova: NovaState;
    readonly neutron: NeutronState;
    readonly cinder: CinderState;
    readonly swift: SwiftState;
    readonly designate: DesignateState;
    readonly octavia: OctaviaState;
  };
}

/** Makes one cloud on a kernel: its services, ready to be served by any face. */
export function createOpenStack(kernel: Kernel, options: OpenStackOptions = {}): OpenStack {
  const cloud = createCloud(kernel, options);
  const keystone = createKeystone(cloud);
  cloud.identity = keystone.ops;
  const glance = createGlance(cloud);
  const neutron = createNeutron(cloud);
  const cinder = createCinder(cloud);
  const nova = createNova(cloud);
  const swift = createSwift(cloud);
  const designate = createDesignate(cloud);
  const octavia = createOctavia(cloud);
  Object.assign(cloud, { images: glance.ops, ports: neutron.ops, volumes: cinder.ops, servers: nova.ops });
  return {
    cloud,
    services: {
      keystone: keystone.service,
      nova: nova.service,
      neutron: neutron.service,
      cinder: cinder.service,
      glance: glance.service,
      swift: swift.service,
      designate: designate.service,
      octavia: octavia.service,
    },
    admitted: (source, address, port) => neutron.admits(source, address, port),
    state: () => ({
      nova: nova.state(),
      neutron: neutron.state(),
      cinder: cinder.state(),
      swift: swift.state(),
      designate: designate.state(),
      octavia: octavia.state(),
    }),
  };
}
