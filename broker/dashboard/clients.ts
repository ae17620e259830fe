import { createHmac } from "node:crypto";
import type { DashboardConfig } from "../config.ts";
import type { Offering } from "../spi/services/service.ts";
import { DASHBOARD_PATH } from "../osb/paths.ts";
import type { OAuthClient } from "./platform.ts";

/** Where the platform's UAA sends users back to. */
export const CALLBACK_PATH = `${DASHBOARD_PATH}/callback`;

/**
 * The OAuth client of a service's dashboards: each service has its own, with its own secret. The catalog passes it to the platform (OSB, "Dashboard
 * Client Object"), which registers it in its UAA.
 */
export const clientOf = ({ url, clientSecret }: DashboardConfig, { id, name }: Offering): OAuthClient => ({
  id: `${name}-dashboard-${id.slice(0, 8)}`,
  secret: createHmac("sha256", clientSecret).update(id).digest("hex"),
  redirectUri: `${url}${CALLBACK_PATH}`,
});

/** Where the dashboard of an instance is. */
export const dashboardUrlOf = ({ url }: DashboardConfig, instanceId: string): string =>
  `${url}${DASHBOARD_PATH}/${instanceId}`;
