import { enableCompileCache } from "node:module";
import { keysFile } from "./cloud-state.ts";
import { findServices, planFaults, readDirector } from "./cloud-settings.ts";
import type { ConsulVersion } from "../simulators/dns/index.ts";
import type { Cloud, CloudOptions } from "../scenarios/cloud/cloud.ts";

/** Options that `up` and `exec` share. */
export type BootOptions = Pick<
  CloudOptions,
  | "seed"
  | "secretsFrom"
  | "pace"
  | "block"
  | "store"
  | "catalog"
  | "profile"
  | "tell"
  | "ipv6"
  | "hear"
  | "data"
  | "analysisMs"
> & {
  /** The settings of the director: a file, or JSON. */
  readonly director?: string;
  /** Rules of faults, armed once the cloud is up: a file, or JSON. */
  readonly faults?: string;
  readonly services?: readonly string[];
  readonly consulVersion?: ConsulVersion;
  readonly nodeTtl?: string;
  readonly serviceTtl?: string;
  readonly secondary?: readonly string[];
};

/** Reports a failure in a running cloud that nobody waits for. */
export function reportDefect(error: unknown): void {
  process.stderr.write(
    `drydock: in the cloud: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}\n`,
  );
}

/** Options of a command that can keep its cloud in a folder. */
export interface DataCommand {
  readonly data?: string;
  /** The release of drydock. */
  readonly version: string;
}

/** The folder of a cloud, as booting takes it. */
export const dataOf = ({ data, version }: DataCommand): Pick<BootOptions, "data"> =>
  data === undefined
    ? {}
    : { data: { path: data, version, say: (text) => void process.stderr.write(`drydock: ${text}\n`) } };

/** The warning that comes with a seed. */
export const PREDICTABLE =
  "every password of this cloud follows from its seed, so anybody on this machine can derive them; leave out --seed for random ones";

/**
 * Boots a cloud for a command, with its faults, and says on standard error what goes wrong in it later.
 *
 * @throws UserError, SettingsError, FaultPlanError
 */
export async function bootCloudFor(options: BootOptions): Promise<Cloud> {
  // Compiled code is cached in a folder of Node's own, and keys are kept as well, so that the next cloud is ready sooner.
  enableCompileCache();
  const { bootCloud } = await import("../scenarios/cloud/cloud.ts");
  const { director, faults, services, consulVersion, nodeTtl, serviceTtl, secondary = [], ...rest } = options;
  const arm = faults === undefined ? undefined : await planFaults(faults);
  const cloud = await bootCloud({
    ...rest,
    ...(director !== undefined && { director: await readDirector(director) }),
    ...(services !== undefined && { services: await findServices(services) }),
    consul: {
      ...(consulVersion && { version: consulVersion }),
      ...(nodeTtl && { nodeTtl }),
      ...(serviceTtl && { serviceTtl }),
    },
    secondaries: secondary,
    keysFile: keysFile(),
    report: reportDefect,
  });
  if (arm === undefined) return cloud;
  const disarm = arm(cloud, reportDefect);
  return { ...cloud, close: () => disarm().then(() => cloud.close()) };
}

const PROXY = /^(https?|all)_proxy$/i;

/** Variables with which clients behind a proxy reach loopback directly. */
export function proxyBypass(outer: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  if (!Object.keys(outer).some((name) => PROXY.test(name))) return {};
  const list = [outer["no_proxy"] ?? outer["NO_PROXY"] ?? "", "127.0.0.0/8"].filter((each) => each !== "").join(",");
  return { NO_PROXY: list, no_proxy: list };
}
