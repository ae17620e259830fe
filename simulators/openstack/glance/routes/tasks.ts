import type { OpenStackRoute } from "../../service.ts";
import { forAdministrators } from "../wire/policy.ts";

const handler = forAdministrators("tasks_api_access", "tasks");

/** Tasks for administrators: not simulated. */
export const TASK_ROUTES: readonly OpenStackRoute[] = [
  { method: "GET", path: "/v2/tasks", clients: ["openstack"], handler },
  { method: "POST", path: "/v2/tasks", handler },
];
