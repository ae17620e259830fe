import type { Service } from "../../kernel/index.ts";
import type { Cloud } from "../cloud.ts";
import { openStackService } from "../common/service.ts";
import { installPropagation } from "./behaviour.ts";
import { recordsetRoutes } from "./routes/recordsets.ts";
import type { Designate, DesignateState } from "./state.ts";
import { WIRE } from "./wire/wire.ts";
import { installImports, surfaceRoutes } from "./routes/surfaces.ts";
import { tldRoutes } from "./routes/tlds.ts";
import { zoneRoutes } from "./routes/zones.ts";

export type { DesignateState } from "./state.ts";

export interface DesignateService {
  readonly service: Service;
  state(): DesignateState;
}

/** Designate: zones and record sets that reach the name servers after a while, quotas, and the surfaces around them. */
export function createDesignate(cloud: Cloud): DesignateService {
  const state: DesignateState = {
    tlds: new Map(),
    zones: new Map(),
    recordsets: new Map(),
    imports: new Map(),
    quotas: new Map(),
  };
  const designate: Designate = { cloud, slot: cloud.kernel.slot("designate", state) };
  installPropagation(designate);
  installImports(designate);
  const routes = [
    ...surfaceRoutes(designate),
    ...tldRoutes(designate),
    ...zoneRoutes(designate),
    ...recordsetRoutes(designate),
  ];
  return { service: openStackService(cloud, "designate", WIRE, routes), state: () => designate.slot.value };
}
