import { bootCloudFor } from "./cloud.ts";
import { certifyAndReport, type CertifyRunOptions, certifyOptions, findSuites } from "./certify.ts";
import type { RunEvent } from "../conformance/runner/events.ts";
import { EXIT } from "./errors.ts";
import { referenceBackend } from "../scenarios/cloud/backend.ts";
import { liveDataPlane } from "../scenarios/cloud/data-plane.ts";

/** The seed: the broker is always judged in the same world; only the secrets are new. */
const SAME_EACH_TIME = { seed: 1, secretsFrom: "random" } as const;

/** The health monitor looks every few seconds, in ms, not every minute: checks wait for VMs that it has recreated. */
const ANALYSIS_MS = 2000;

/** Certifies the reference broker for PostgreSQL: in a cloud of its own, over HTTP. Returns the exit code. */
export async function certifyReference(options: CertifyRunOptions): Promise<number> {
  const suites = findSuites(options.suite ?? "osb,backup,isolation");
  const live = options.ui === true ? (await import("./live/open.ts")).prepareLivePage() : undefined;
  const cloud = await bootCloudFor({
    ...SAME_EACH_TIME,
    pace: "instant",
    services: ["postgresql"],
    analysisMs: ANALYSIS_MS,
    ...(live && { hear: live.hear }),
  });
  try {
    await using page = await live?.openAloud(cloud);
    const broker = cloud.description.brokers[0];
    if (broker === undefined) throw new Error("the cloud came up without a broker");
    if (options.signal.aborted) return EXIT.interrupted;
    const { url, username, password } = broker;
    const { command, signal } = options;
    const { world, platform, brokers } = cloud;
    const [running] = brokers.list();
    const backend = referenceBackend(world, "postgresql", running && { broker: running, platform });
    const behind = { data: liveDataPlane(world), backend };
    const target = { ...(await certifyOptions(url, options)), ...behind, username, password };
    const watch = (event: RunEvent): void => page?.hub.take(event);
    return (await certifyAndReport({ ...target, suites, command, signal }, { ...options, watch })).exitCode;
  } finally {
    await cloud.close();
  }
}
