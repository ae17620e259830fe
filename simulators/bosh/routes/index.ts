import { DYNAMIC_DISKS } from "./dynamic-disks.ts";
import { type HttpReply, serialise } from "../../kernel/index.ts";
import type { DirectorRoute } from "../wire/route.ts";
import { CLEANUP } from "./cleanup.ts";
import { CONFIGS } from "./configs.ts";
import { DEPLOYMENTS } from "./deployments.ts";
import { DIRECTOR } from "./director.ts";
import { DISKS } from "./disks.ts";
import { ERRANDS } from "./errands.ts";
import { EVENTS } from "./events.ts";
import { INFO } from "./info.ts";
import { INSTANCES } from "./instances.ts";
import { JOBS } from "./jobs.ts";
import { LINKS } from "./links.ts";
import { LOCKS } from "./locks.ts";
import { LOGS } from "./logs.ts";
import { NETWORKS } from "./networks.ts";
import { PACKAGES } from "./packages.ts";
import { PROBLEMS } from "./problems.ts";
import { RELEASES } from "./releases.ts";
import { RESOURCES } from "./resources.ts";
import { RESURRECTION } from "./resurrection.ts";
import { SNAPSHOTS } from "./snapshots.ts";
import { SSH } from "./ssh.ts";
import { STEMCELLS } from "./stemcells.ts";
import { TASKS } from "./tasks.ts";
import { VARIABLES } from "./variables.ts";
import { VMS } from "./vms.ts";

const TABLE: readonly DirectorRoute[] = [
  ...INFO,
  ...LOCKS,
  ...RESURRECTION,
  ...DIRECTOR,
  ...RESOURCES,
  ...TASKS,
  ...STEMCELLS,
  ...PACKAGES,
  ...RELEASES,
  ...CONFIGS,
  ...DEPLOYMENTS,
  ...INSTANCES,
  ...JOBS,
  ...VARIABLES,
  ...ERRANDS,
  ...PROBLEMS,
  ...SNAPSHOTS,
  ...LOGS,
  ...SSH,
  ...VMS,
  ...DISKS,
  ...NETWORKS,
  ...CLEANUP,
  ...DYNAMIC_DISKS,
  ...EVENTS,
  ...LINKS,
];

/** Every route of the director. A route for GET also answers HEAD, without the body. */
export const ROUTES: readonly DirectorRoute[] = [
  ...TABLE,
  ...TABLE.filter(({ method }) => method === "GET").map(headOf),
];

const OWNED = new Set(TABLE.map(({ path }) => path.split("/")[1]));

/**
 * Whether a controller of the director owns the first segment of this path. Any other path is refused before
 * authentication.
 */
export const isOwned = (path: string): boolean => OWNED.has(path.split("/")[1]);

function headOf(route: DirectorRoute): DirectorRoute {
  const handler: DirectorRoute["handler"] = (director, request) => {
    const reply = route.handler(director, request);
    return "next" in reply ? reply : withoutBody(reply);
  };
  return { ...route, method: "HEAD", handler };
}

/** The headers of an answer as GET would give them. */
function withoutBody(reply: HttpReply): HttpReply {
  const { headers } = serialise(reply);
  return { status: reply.status, headers, body: "" };
}
