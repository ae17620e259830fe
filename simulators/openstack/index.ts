import type { Kernel } from "../kernel/index.ts";
import { createCloud, type OpenStack, type OpenStackOptions } from "./cloud.ts";
import { createKeystone } from "./keystone/index.ts";

export {
  CATALOG,
  type CatalogType,
  type Cloud,
  type OpenStack,
  type OpenStackOptions,
  type ServiceName,
} from "./cloud.ts";

/** Makes one cloud on a kernel: its services, ready to be served by any face. */
export function createOpenStack(kernel: Kernel, options: OpenStackOptions = {}): OpenStack {
  const cloud = createCloud(kernel, options);
  const keystone = createKeystone(cloud);
  cloud.identity = keystone.ops;
  // Each service adds itself here: `const neutron = createNeutron(cloud); cloud.ports = neutron.ops;` and its line below.
  return {
    cloud,
    services: { keystone: keystone.service } as OpenStack["services"],
    setEndpoint: cloud.setEndpoint,
  };
}
