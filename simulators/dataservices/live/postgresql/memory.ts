import type { Instance } from "../../state.ts";

const KIB_PER_MIB = 1024;

/** The memory of a plan in MiB, as a VM of that size would have. */
export function memoryOf({ parameters }: Instance): number | undefined {
  const { memory_mb: mib } = parameters;
  return typeof mib === "number" && mib > 0 ? mib : undefined;
}

/**
 * A command under a limit of its data (RLIMIT_DATA, which counts private memory on Linux alone), each process for itself. A server's allocation
 * beyond it fails with 53200, and the server lives on.
 */
export function withinMemory(
  mib: number | undefined,
  [program, ...args]: readonly [string, ...string[]],
): readonly [string, readonly string[]] {
  if (mib === undefined || process.platform !== "linux") return [program, args];
  return ["/bin/sh", ["-c", 'ulimit -d "$0" && exec "$@"', String(mib * KIB_PER_MIB), program, ...args]];
}
