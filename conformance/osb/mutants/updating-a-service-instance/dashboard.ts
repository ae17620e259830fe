import type { Operation } from "../../../client/answer.ts";
import { drop, is, set, success } from "../changes.ts";
import { sends } from "../conditions.ts";
import { alter, combine } from "../middleware.ts";
import { mutant, type Mutant } from "../mutant.ts";
import type { Middleware } from "../traffic.ts";
import { isMarked, mark } from "./marks.ts";

const PATCH: readonly Operation[] = ["update"];

const FETCH: readonly Operation[] = ["fetch-instance"];

/** The dashboard moves with an update, and only GET says so. */
const moveDashboard: Middleware = combine(
  combine(mark("moved", sends("service_id")), alter(PATCH, success, drop("dashboard_url"))),
  alter(FETCH, is(200), set("dashboard_url", "https://other.example.com/"), isMarked("moved")),
);

/** Planted defects for the checks of spec.md, "Updating a Service Instance": dashboard_url. */
export const updatingInstanceDashboardMutants: readonly Mutant[] = [
  mutant(
    "update-dashboard-url-initial-response",
    "The dashboard moves with an update, and only GET says so.",
    moveDashboard,
  ),
  mutant(
    "update-dashboard-url-identifies-instance",
    "An update tells a dashboard_url that is a path on some host.",
    alter(PATCH, success, set("dashboard_url", "/dashboards/1")),
  ),
];
