import { defineService, type Kernel, type Service } from "../kernel/index.ts";
import type { JobBehaviours } from "./agent/behaviours.ts";
import { fetchMirrored } from "./artifacts/mirror.ts";
import { createUaa } from "./auth/uaa.ts";
import { defineCpiFaults, withFaults } from "./cpi/faults.ts";
import { defineFaults } from "./faults.ts";
import { runMonitor, scheduleMonitor } from "./monitor/monitor.ts";
import { isOwned, ROUTES } from "./routes/index.ts";
import { UPLOAD, uploadWith } from "./routes/uploads.ts";
import type { Director, DirectorOptions } from "./state/director.ts";
import { type DirectorState, createState } from "./state/index.ts";
import { RUNNERS } from "./tasks/runners.ts";
import { startWaitingTasks } from "./tasks/worker.ts";
import { behindNginx, finishReply, unmatchedReply } from "./wire/front.ts";
import { NGINX_FRONT, nginxRefusal } from "./wire/nginx.ts";
import { brokenReply } from "./wire/replies.ts";

export type { JobBehaviour, JobBehaviours, JobContext } from "./agent/behaviours.ts";

export type { DirectorOptions, DirectorUser, UaaOptions } from "./state/director.ts";

export { type DirectorSettings, readDirectorSettings } from "./state/settings.ts";

export { createDummyCpi } from "./cpi/dummy.ts";

export { dnsRecords } from "./links/dns-records.ts";

export { expectsVm } from "./state/deployments.ts";
export { disksOf } from "./state/lookup.ts";

/** A simulated director, ready to be served by any face. */
export interface Bosh {
  readonly director: Service;
  /** Only with `uaa` in the options. */
  readonly uaa: Service | undefined;
  /** The effects of jobs on the world, by job name. */
  readonly behaviours: JobBehaviours;
  /** For the world's laws; read-only. */
  state(): DirectorState;
}

/** The routes, with uploads by URL served from the folder that stands for other machines. */
function routesFor({ artifacts }: DirectorOptions): typeof ROUTES {
  if (artifacts === undefined) return ROUTES;
  const upload = uploadWith(fetchMirrored(artifacts));
  return ROUTES.map((route) => (route.upload === UPLOAD ? { ...route, upload } : route));
}

/** Makes a director on a kernel. */
export function createBosh(kernel: Kernel, options: DirectorOptions): Bosh {
  defineFaults(kernel);
  defineCpiFaults(kernel);
  const director: Director = {
    kernel,
    slot: kernel.slot("bosh", createState()),
    options,
    name: options.name ?? "drydock",
    uuid: options.uuid ?? kernel.random("bosh").uuid(),
    cpi: withFaults(kernel, options.cpi),
    behaviours: new Map(),
    runners: RUNNERS,
  };
  kernel.onTimer("bosh/worker", () => startWaitingTasks(director));
  kernel.onTimer("bosh/monitor", () => runMonitor(director));
  if (options.resurrector !== false) scheduleMonitor(director);
  const service = defineService<Director>({
    name: "bosh",
    kernel,
    sim: director,
    routes: routesFor(options),
    unmatched: (_director, request) => unmatchedReply(director, request, isOwned(request.path)),
    // Like the real director, answers an unforeseen error with an empty 500.
    crashed: () => brokenReply,
    unread: (_director, _request, why) => (why === "too-large" ? nginxRefusal(413) : brokenReply),
    front: NGINX_FRONT,
    after: (_director, request, reply) => finishReply(director, request, reply),
  });
  return {
    director: behindNginx(service),
    uaa: options.uaa === undefined ? undefined : createUaa(kernel, options.uaa),
    behaviours: director.behaviours,
    state: () => director.slot.value,
  };
}
