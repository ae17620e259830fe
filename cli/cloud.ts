import { enableCompileCache } from "node:module";
import { readFileSync } from "node:fs";
import { UserError } from "./errors.ts";
import { keysFile } from "./cloud-state.ts";
import type { Cloud, CloudOptions } from "../scenarios/cloud/cloud.ts";

/** Options that `up` and `exec` share. */
export type BootOptions = Pick<
  CloudOptions,
  | "seed"
  | "secretsFrom"
  | "pace"
  | "block"
  | "services"
  | "store"
  | "catalog"
  | "profile"
  | "tell"
  | "consul"
  | "ipv6"
  | "secondaries"
  | "hear"
> & {
  /** A file with the settings of the director. */
  readonly director?: string;
};

/** Reports a failure in a running cloud that nobody waits for. */
export function reportDefect(error: unknown): void {
  process.stderr.write(
    `drydock: in the cloud: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}\n`,
  );
}

/** The warning that comes with a seed. */
export const PREDICTABLE =
  "every password of this cloud follows from its seed, so anybody on this machine can derive them; leave out --seed for random ones";

/** Boots a cloud for a command and says on standard error what goes wrong in it later. */
export async function bootCloudFor(options: BootOptions): Promise<Cloud> {
  // Compiled code is cached in a folder of Node's own, and keys are kept as well, so that the next cloud is ready sooner.
  enableCompileCache();
  const { bootCloud } = await import("../scenarios/cloud/cloud.ts");
  const { director: file, ...rest } = options;
  const director = file === undefined ? undefined : await readSettings(file);
  return bootCloud({
    ...rest,
    ...(director !== undefined && { director }),
    keysFile: keysFile(),
    report: reportDefect,
  });
}

/** @throws UserError CLI_NO_FILE, SettingsError */
async function readSettings(file: string): Promise<CloudOptions["director"]> {
  const { readDirectorSettings } = await import("../simulators/bosh/state/settings.ts");
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new UserError("CLI_NO_FILE", `${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
  return readDirectorSettings(text);
}

const PROXY = /^(https?|all)_proxy$/i;

/** Variables with which clients behind a proxy reach loopback directly. */
export function proxyBypass(outer: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  if (!Object.keys(outer).some((name) => PROXY.test(name))) return {};
  const list = [outer["no_proxy"] ?? outer["NO_PROXY"] ?? "", "127.0.0.0/8"].filter((each) => each !== "").join(",");
  return { NO_PROXY: list, no_proxy: list };
}
