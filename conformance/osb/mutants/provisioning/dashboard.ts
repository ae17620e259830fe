import type { WireRequest } from "../../memory-broker/http.ts";
import { drop, set, success } from "../changes.ts";
import { alter } from "../middleware.ts";
import { mutant, type Mutant } from "../mutant.ts";
import type { Middleware } from "../traffic.ts";

const PROVISION = ["provision"] as const;

const dashboardOf = (url: (request: WireRequest) => string): Middleware =>
  alter(["provision", "fetch-instance"], success, (response, request, memory) =>
    set("dashboard_url", url(request))(response, request, memory),
  );

/** Planted defects for the checks of spec.md, "Provisioning": dashboard_url. */
export const provisioningDashboardMutants: readonly Mutant[] = [
  mutant(
    "provision-dashboard-url-identifies-instance",
    "dashboard_url is a path on some host.",
    dashboardOf(({ path }) => `/dashboards/${path[2]}`),
  ),
  mutant(
    "provision-dashboard-url-identifies-instance",
    "All instances have one dashboard_url.",
    dashboardOf(() => "https://dashboard.example.com/"),
    { id: "one-dashboard-for-all" },
  ),
  mutant(
    "provision-dashboard-url-initial-response",
    "There is a dashboard_url, but the provision does not tell it.",
    alter(PROVISION, success, drop("dashboard_url")),
  ),
];
