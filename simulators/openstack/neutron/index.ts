import type { Service } from "../../kernel/index.ts";
import type { Cloud, PortOps } from "../cloud.ts";
import { openStackService } from "../service.ts";
import { admits } from "./behaviour/admission.ts";
import { portOperations } from "./routes/for-nova.ts";
import { proxyOperations } from "./routes/nova-proxy.ts";
import { NEUTRON_POINTS } from "./faults.ts";
import { neutronRoutes } from "./routes/routes.ts";
import { type Neutron, type NeutronState, newState } from "./state/state.ts";
import { normalise, WIRE } from "./wire/wire.ts";

export type { NeutronState } from "./state/state.ts";

/** Neutron, as the cloud puts it together. */
interface NeutronService {
  readonly service: Service;
  /** Its operations for the other services. */
  readonly ops: PortOps;
  /** Whether security groups let `source` connect to `port` (TCP) of `address`. `undefined`: no port holds the address. */
  admits(source: string, address: string, port: number): boolean | undefined;
  /** For the world's laws; read only. */
  state(): NeutronState;
}

/** Neutron: networks, subnets, ports, routers, floating IPs, security groups; allocation and admission. */
export function createNeutron(cloud: Cloud): NeutronService {
  const neutron: Neutron = { cloud, slot: cloud.kernel.slot("neutron", newState()) };
  for (const point of NEUTRON_POINTS) cloud.kernel.faults.define(point);
  const service = openStackService(cloud, "neutron", WIRE, neutronRoutes(neutron));
  return {
    service: {
      ...service,
      call: (request) => service.call(normalise(request)),
      receive: (request) => service.receive(normalise(request)),
      unread: (request, why) => service.unread(normalise(request), why),
      crashed: (request, error) => service.crashed(normalise(request), error),
    },
    ops: portOperations(neutron, proxyOperations(neutron)),
    admits: (source, address, port) => admits(neutron, source, address, port),
    state: () => neutron.slot.value,
  };
}
