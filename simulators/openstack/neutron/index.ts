import type { HttpRequest, Service } from "../../kernel/index.ts";
import type { Cloud, PortOps } from "../cloud.ts";
import { openStackService } from "../service.ts";
import { admitted } from "./admission.ts";
import { FLOATING_IPS } from "./floating-ips.ts";
import { type Neutron, STYLE } from "./frame.ts";
import { GROUPS } from "./groups.ts";
import { NETWORKS } from "./networks.ts";
import { operations } from "./ops.ts";
import { PORTS } from "./ports.ts";
import { quotaRoutes } from "./quotas.ts";
import { rbacRoutes } from "./rbac.ts";
import { resourceRoutes } from "./resource.ts";
import { interfaceRoutes, ROUTERS } from "./routers.ts";
import { RULES } from "./rules.ts";
import { type NeutronState, newState } from "./state.ts";
import { SUBNETPOOLS } from "./subnetpools.ts";
import { SUBNETS } from "./subnets.ts";
import { surfaceRoutes } from "./surfaces.ts";

export type { NeutronState } from "./state.ts";

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
