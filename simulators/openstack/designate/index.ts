import type { Service } from "../../kernel/index.ts";
import type { Cloud } from "../cloud.ts";
import { openStackService } from "../service.ts";
import { installImports } from "./behaviour/imports.ts";
import { installPropagation } from "./behaviour/propagation.ts";
import { designateRoutes } from "./routes/routes.ts";
import { type Designate, type DesignateState, newState } from "./state/state.ts";
import { WIRE } from "./wire/wire.ts";

export type { DesignateState } from "./state/state.ts";

/** Designate, as the cloud puts it together. */
interface DesignateService {
  readonly service: Service;
  /** For the world's laws; read only. */
  state(): DesignateState;
}

/** Designate: zones and recordsets that reach the name servers after a while, quotas and TLDs. */
export function createDesignate(cloud: Cloud): DesignateService {
  const designate: Designate = { cloud, slot: cloud.kernel.slot("designate", newState()) };
  installPropagation(designate);
  installImports(designate);
  return {
    service: openStackService(cloud, "designate", WIRE, designateRoutes(designate)),
    state: () => designate.slot.value,
  };
}
