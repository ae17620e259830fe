import type { OpenStackRoute } from "../../service.ts";
import type { Designate } from "../state/state.ts";
import { BLACKLIST_ROUTES } from "./blacklists.ts";
import { limitRoutes } from "./limits.ts";
import { poolRoutes } from "./pools.ts";
import { quotaRoutes } from "./quotas.ts";
import { recordsetRoutes } from "./recordsets.ts";
import { REVERSE_FLOATINGIP_ROUTES } from "./reverse-floatingips.ts";
import { SERVICE_STATUS_ROUTES } from "./service-statuses.ts";
import { tldRoutes } from "./tlds.ts";
import { TSIGKEY_ROUTES } from "./tsigkeys.ts";
import { VERSION_ROUTES } from "./versions.ts";
import { ZONE_EXPORT_ROUTES } from "./zone-exports.ts";
import { zoneImportRoutes } from "./zone-imports.ts";
import { ZONE_TASK_ROUTES } from "./zone-tasks.ts";
import { ZONE_TRANSFER_ROUTES } from "./zone-transfers.ts";
import { zoneRoutes } from "./zones.ts";

/** All routes of Designate. */
export const designateRoutes = (designate: Designate): readonly OpenStackRoute[] => [
  ...VERSION_ROUTES,
  ...limitRoutes(designate),
  ...REVERSE_FLOATINGIP_ROUTES,
  ...quotaRoutes(designate),
  ...ZONE_TRANSFER_ROUTES,
  ...ZONE_EXPORT_ROUTES,
  ...ZONE_TASK_ROUTES,
  ...zoneImportRoutes(designate),
  ...BLACKLIST_ROUTES,
  ...TSIGKEY_ROUTES,
  ...SERVICE_STATUS_ROUTES,
  ...poolRoutes(designate),
  ...tldRoutes(designate),
  ...zoneRoutes(designate),
  ...recordsetRoutes(designate),
];
