import type { HttpRequest, Service } from "../../kernel/index.ts";
import type { Cloud, PortOps } from "../cloud.ts";
import { openStackService } from "../common/service.ts";
import { admitted } from "./behaviour/admission.ts";
import { FLOATING_IPS } from "./routes/floatingips.ts";
import { type Neutron, STYLE } from "./wire/wire.ts";
import { GROUPS } from "./routes/security-groups.ts";
import { NETWORKS } from "./routes/networks.ts";
import { operations } from "./behaviour/for-nova.ts";
import { PORTS } from "./routes/ports.ts";
import { quotaRoutes } from "./routes/quotas.ts";
import { rbacRoutes } from "./routes/rbac-policies.ts";
import { resourceRoutes } from "./routes/resource.ts";
import { interfaceRoutes, ROUTERS } from "./routes/routers.ts";
import { RULES } from "./routes/security-group-rules.ts";
import { type NeutronState, newState } from "./state/state.ts";
import { SUBNETPOOLS } from "./routes/subnetpools.ts";
import { SUBNETS } from "./routes/subnets.ts";
import { surfaceRoutes } from "./routes/surfaces.ts";

export type { NeutronState } from "./state/state.ts";

export interface NeutronService {
  readonly service: Service;
  readonly ops: PortOps;
  /** See admission.ts. */
  admitted(source: string, address: string, port: number): boolean | undefined;
  /** For the world's laws; read only. */
  state(): NeutronState;
}

/** Methods that mean something to it: any other is taken for GET. */
const METHODS = new Set(["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"]);

/** Paths may end in `.json`. */
function normalised(request: HttpRequest): HttpRequest {
  const { path } = request;
  const hasSuffix = path.endsWith(".json") && !path.endsWith("/details.json");
  return {
    ...request,
    method: METHODS.has(request.method) ? request.method : "GET",
    path: hasSuffix ? path.slice(0, -".json".length) : path,
  };
}

/** Neutron: networks, subnets, ports, routers, floating IPs, security groups; allocation and admission. */
export function createNeutron(cloud: Cloud): NeutronService {
  const neutron: Neutron = { cloud, slot: cloud.kernel.slot("neutron", newState()) };
  const service = openStackService(cloud, "neutron", STYLE, [
    ...surfaceRoutes(neutron),
    ...quotaRoutes(neutron),
    ...resourceRoutes(neutron, NETWORKS),
    ...resourceRoutes(neutron, SUBNETS),
    ...resourceRoutes(neutron, SUBNETPOOLS),
    ...resourceRoutes(neutron, PORTS),
    ...resourceRoutes(neutron, GROUPS),
    ...resourceRoutes(neutron, RULES),
    ...resourceRoutes(neutron, ROUTERS),
    ...resourceRoutes(neutron, FLOATING_IPS),
    ...interfaceRoutes(neutron),
    ...rbacRoutes(neutron),
  ]);
  return {
    service: {
      ...service,
      call: (request) => service.call(normalised(request)),
      receive: (request) => service.receive(normalised(request)),
      unread: (request, why) => service.unread(normalised(request), why),
      crashed: (request, error) => service.crashed(normalised(request), error),
    },
    ops: operations(neutron),
    admitted: (source, address, port) => admitted(neutron, source, address, port),
    state: () => neutron.slot.value,
  };
}
