import { gzipSync } from "node:zlib";
import {
  defineService,
  type HttpReply,
  type HttpRequest,
  type Kernel,
  replyHeader,
  type Service,
  serialise,
} from "../kernel/index.ts";
import type { JobBehaviours } from "./agent/calls.ts";
import { ARTIFACTS } from "./routes/releases.ts";
import { CONFIGS } from "./routes/configs.ts";
import { DEPLOYMENTS } from "./routes/deployments.ts";
import { DISKS } from "./routes/disks.ts";
import { EVENTS } from "./routes/events.ts";
import { LINKS } from "./routes/links.ts";
import { OPERATIONS } from "./routes/errands.ts";
import { applyResolutions } from "./problems/resolver.ts";
import { scanAndFix } from "./problems/scan-and-fix.ts";
import { scan } from "./problems/scan.ts";
import { runErrand } from "./instances/errands.ts";
import { exportRelease } from "./artifacts/exports.ts";
import { collectLogs } from "./instances/logs.ts";
import {
  attachOrphan,
  createSnapshot,
  deleteDeploymentSnapshots,
  deleteSnapshot,
  deleteVmByCid,
  orphan,
  snapshotDeployment,
  updateInstance,
} from "./instances/actions.ts";
import { ssh } from "./instances/ssh.ts";
import { NGINX_FRONT, nginxRefuses } from "./wire/nginx.ts";
import { broken, type DirectorRoute, noEndpoint, notAuthorized } from "./wire/route.ts";
import { GENERAL } from "./routes/info.ts";
import { TASKS } from "./routes/tasks.ts";
import { createRelease, deleteRelease } from "./artifacts/releases.ts";
import { createStemcell, deleteStemcell } from "./artifacts/stemcells.ts";
import { callerOf } from "./auth/caller.ts";
import { createUaa } from "./auth/uaa.ts";
import { cleanUp, deleteOrphanDisks, sweep } from "./artifacts/cleanup.ts";
import { defineCpiFaults, faulty } from "./cpi/faults.ts";
import { deploy } from "./deploy/deploy.ts";
import { deleteDeployment } from "./deploy/remove.ts";
import type { Director, DirectorOptions, TaskRunner } from "./state/director.ts";
import { defineFaults } from "./faults.ts";
import { MONITOR_MS, monitor } from "./monitor/monitor.ts";
import { type DirectorState, newState } from "./state/index.ts";
import { work } from "./tasks/queue.ts";
import { vmStats } from "./instances/vitals.ts";

export type { JobBehaviour, JobBehaviours, JobContext } from "./agent/calls.ts";
export type { DirectorOptions, DirectorUser, UaaOptions } from "./state/director.ts";
export { createDummyCpi } from "./cpi/dummy.ts";
export { expectsVm } from "./state/index.ts";

/** A simulated director, ready to be served by any face. */
export interface Bosh {
  readonly director: Service;
  /** Only with `uaa` in the options. */
  readonly uaa: Service | undefined;
  /** What jobs do in the world, by name of the job. */
  readonly behaviours: JobBehaviours;
  /** For the world's laws; read only. */
  state(): DirectorState;
}

const TABLE: readonly DirectorRoute[] = [
  ...GENERAL,
  ...TASKS,
  ...ARTIFACTS,
  ...CONFIGS,
  ...DEPLOYMENTS,
  ...OPERATIONS,
  ...DISKS,
  ...EVENTS,
  ...LINKS,
];

/** What answers to GET answers to HEAD, without the body. */
const ROUTES: readonly DirectorRoute[] = [...TABLE, ...TABLE.filter(({ method }) => method === "GET").map(headOf)];

/** First segments that a controller of the director owns; others are refused without authentication. */
const OWNED = new Set(TABLE.map(({ path }) => path.split("/")[1]));

const RUNNERS: Readonly<Record<string, TaskRunner>> = {
  deploy,
  delete_deployment: deleteDeployment,
  create_stemcell: createStemcell,
  delete_stemcell: deleteStemcell,
  create_release: createRelease,
  delete_release: deleteRelease,
  vms: vmStats,
  delete_orphan_disks: deleteOrphanDisks,
  cleanup: cleanUp,
  sweep,
  scan_and_fix: scanAndFix,
  cck_scan: scan,
  cck_apply: applyResolutions,
  errand: runErrand,
  export_release: exportRelease,
  logs: collectLogs,
  ssh,
  snapshot_deployment: snapshotDeployment,
  create_snapshot: createSnapshot,
  delete_snapshot: deleteSnapshot,
  delete_deployment_snapshots: deleteDeploymentSnapshots,
  delete_vm: deleteVmByCid,
  orphan_disk: orphan,
  attach_disk: attachOrphan,
  update_instance: updateInstance,
};

function headOf(route: DirectorRoute): DirectorRoute {
  const handler: DirectorRoute["handler"] = (director, request) => {
    const reply = route.handler(director, request);
    return "next" in reply ? reply : { ...withoutBody(reply) };
  };
  return { ...route, method: "HEAD", handler };
}

/** The headers of an answer as GET would give them. */
function withoutBody(reply: HttpReply): HttpReply {
  const { headers } = serialise(reply);
  return { status: reply.status, headers, body: "" };
}

/** Makes a director on a kernel. */
export function createBosh(kernel: Kernel, options: DirectorOptions): Bosh {
  defineFaults(kernel);
  defineCpiFaults(kernel);
  const director: Director = {
    kernel,
    slot: kernel.slot("bosh", newState()),
    options,
    name: options.name ?? "drydock",
    uuid: options.uuid ?? kernel.random("bosh").uuid(),
    cpi: faulty(kernel, options.cpi),
    behaviours: new Map(),
    runners: new Map(Object.entries(RUNNERS)),
  };
  kernel.onTimer("bosh/worker", () => work(director));
  kernel.onTimer("bosh/monitor", () => monitor(director));
  if (options.resurrector !== false) kernel.timer(MONITOR_MS, "bosh/monitor", null);
  const service = defineService<Director>({
    name: "bosh",
    kernel,
    sim: director,
    routes: ROUTES,
    unmatched: (_director, request) => unmatched(director, request),
    // What nobody foresaw is an empty 500, as of the director itself.
    crashed: () => broken,
    unread: (_director, _request, why) => (why === "too-large" ? nginxRefuses(413) : broken),
    front: NGINX_FRONT,
    after: (_director, request, reply) => finish(director, request, reply),
  });
  return {
    director: behindNginx(service),
    uaa: options.uaa === undefined ? undefined : createUaa(kernel, options.uaa),
    behaviours: director.behaviours,
    state: () => director.slot.value,
  };
}

/** What stands before the director takes `//deployments` and `/deployments/` for `/deployments`. */
function behindNginx(service: Service): Service {
  const clean = (path: string): string => path.replace(/^\/{2,}/, "/").replace(/^(\/[^/]+)\/$/, "$1");
  const cleaned = (request: HttpRequest): HttpRequest => ({ ...request, path: clean(request.path) });
  return {
    ...service,
    uploadOf: (method, path) => service.uploadOf(method, clean(path)),
    call: (request) => service.call(cleaned(request)),
    receive: (request) => service.receive(cleaned(request)),
    unread: (request, why) => service.unread(cleaned(request), why),
    crashed: (request, error) => service.crashed(cleaned(request), error),
  };
}

function unmatched(director: Director, request: HttpRequest): HttpReply {
  const [, first] = request.path.split("/");
  if (!OWNED.has(first ?? ""))
    return { status: 404, body: `Not Found: ${request.path}`, headers: { "Content-Type": "text/plain" } };
  return callerOf(director, request) === undefined ? notAuthorized(request.path) : noEndpoint(request.path);
}

/** Shorter texts are sent as they are. */
const GZIP_BYTES_MIN = 1250;

/** What the director's nginx adds: the challenge on protected routes, and compression of text. */
function finish(director: Director, request: HttpRequest, reply: HttpReply): HttpReply {
  const headers: Record<string, string | readonly string[]> = { ...reply.headers };
  if (request.path !== "/info") headers["WWW-Authenticate"] = 'Basic realm="BOSH Director"';
  headers.Date = new Date(director.kernel.nowMs).toUTCString();
  const type = replyHeader(reply, "content-type") ?? "";
  const { body, headers: withType } = serialise({ ...reply, headers });
  const zips =
    /^text\/(html|plain)/.test(type) &&
    /\bgzip\b/.test(request.headers["accept-encoding"] ?? "") &&
    request.headers.range === undefined;
  if (!zips || body.length <= GZIP_BYTES_MIN) return { ...reply, headers };
  return {
    status: reply.status,
    headers: { ...withType, "Content-Encoding": "gzip", Vary: "Accept-Encoding" },
    body: gzipSync(body),
  };
}
