import type { Service } from "../../kernel/index.ts";
import type { Cloud } from "../cloud.ts";
import { openStackService } from "../service.ts";
import { type Change, endChange } from "./behaviour/changes.ts";
import { OCTAVIA_POINTS } from "./faults.ts";
import { loadBalancerRoutes } from "./routes/load-balancers.ts";
import { objectRoutes } from "./routes/objects.ts";
import { offerRoutes } from "./routes/offers.ts";
import { operatorRoutes } from "./routes/operators.ts";
import { VERSION_ROUTES } from "./routes/versions.ts";
import { newState, type Octavia, type OctaviaState } from "./state/state.ts";
import { WIRE } from "./wire/wire.ts";

export type { OctaviaState } from "./state/state.ts";

/** Octavia, as the cloud puts it together. */
interface OctaviaService {
  readonly service: Service;
  /** For the world's laws; read only. */
  state(): OctaviaState;
}

/** Octavia (v2.26): load balancers with listeners, pools, members, monitors and policies, each change of which takes time. */
export function createOctavia(cloud: Cloud): OctaviaService {
  const octavia: Octavia = { cloud, slot: cloud.kernel.slot("octavia", newState()) };
  for (const point of Object.values(OCTAVIA_POINTS)) cloud.kernel.faults.define(point);
  cloud.kernel.onTimer<Change>("octavia/changed", (change) => endChange(octavia, change));
  const routes = [
    ...VERSION_ROUTES,
    ...loadBalancerRoutes(octavia),
    ...objectRoutes(octavia),
    ...operatorRoutes(octavia),
    ...offerRoutes(octavia),
  ];
  return { service: openStackService(cloud, "octavia", WIRE, routes), state: () => octavia.slot.value };
}
