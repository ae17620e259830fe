import { Refusal } from "../../refusal.ts";
import type { NovaRoute } from "../wire/route.ts";

const refuseAsRemoved = (): never => {
  throw new Refusal(410, "computeFault", "This resource is no longer available. No forwarding address is given.");
};

const REMOVED_PATHS = [
  "/os-fping",
  "/os-cells",
  "/os-agents",
  "/os-fixed-ips/:ip",
  "/os-cloudpipe",
  "/os-networks/:id/associate",
  "/servers/:id/os-virtual-interfaces",
];

/** APIs that are gone at every microversion. */
export const REMOVED_ROUTES: readonly NovaRoute[] = REMOVED_PATHS.map(
  (path): NovaRoute => ({ method: "GET", path, handler: refuseAsRemoved }),
);
