import type { OpenStackRoute } from "../../service.ts";
import type { Designate } from "../state/state.ts";
import { adminResourceRoutes } from "./admin-resources.ts";
import { limitRoutes } from "./limits.ts";
import { quotaRoutes } from "./quotas.ts";
import { recordsetRoutes } from "./recordsets.ts";
import { reverseFloatingIpRoutes } from "./reverse-floatingips.ts";
import { serviceStatusRoutes } from "./service-statuses.ts";
import { VERSION_ROUTES } from "./versions.ts";
import { zoneExportRoutes } from "./zone-exports.ts";
import { zoneImportRoutes } from "./zone-imports.ts";
import { zoneTaskRoutes } from "./zone-tasks.ts";
import { zoneTransferRoutes } from "./zone-transfers.ts";
import { zoneRoutes } from "./zones.ts";

/** All routes of Designate. */
export const designateRoutes = (designate: Designate): readonly OpenStackRoute[] => [
  ...VERSION_ROUTES,
  ...limitRoutes(designate),
  ...reverseFloatingIpRoutes(designate),
  ...quotaRoutes(designate),
  ...zoneTransferRoutes(designate),
  ...zoneExportRoutes(designate),
  ...zoneTaskRoutes(designate),
  ...zoneImportRoutes(designate),
  ...serviceStatusRoutes(designate),
  ...adminResourceRoutes(designate),
  ...zoneRoutes(designate),
  ...recordsetRoutes(designate),
];
