import { referenceBackend } from "../scenarios/cloud/backend.ts";
import { liveDataPlane } from "../scenarios/cloud/data-plane.ts";
import { boot } from "./cloud.ts";
import { certifyAndTell, type CertifyCommandOptions, certifyOptions, suitesNamed } from "./certify.ts";
import { EXIT } from "./errors.ts";

export interface ReferenceOptions extends CertifyCommandOptions {
  /** The line that runs it again. */
  readonly command: string;
  readonly signal: AbortSignal;
}

/** The broker is always judged in the same world; only its secrets are new. */
const SAME_EACH_TIME = { seed: 1, secretsFrom: "random" } as const;

/** Certifies the reference broker for PostgreSQL: in a cloud of its own, over HTTP. Answers with the exit code. */
export async function certifyReference(options: ReferenceOptions): Promise<number> {
  const suites = suitesNamed(options.suite ?? "osb,backup,isolation");
  const cloud = await boot({ ...SAME_EACH_TIME, pace: "instant", services: ["postgresql"] });
  try {
    const broker = cloud.description.brokers[0];
    if (broker === undefined) throw new Error("the cloud came up without a broker");
    if (options.signal.aborted) return EXIT.interrupted;
    const { url, username, password } = broker;
    const { command, signal } = options;
    const behind = { data: liveDataPlane(cloud.world), backend: referenceBackend(cloud.world, "postgresql") };
    const target = { ...certifyOptions(url, options), ...behind, username, password };
    return (await certifyAndTell({ ...target, suites, command, signal }, options)).exitCode;
  } finally {
    await cloud.close();
  }
}
