import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Instance } from "../state.ts";
import { LivePlaneError } from "./errors.ts";
import type { Nodes } from "./nodes.ts";

const run = promisify(execFile);

/** The usage of its disk, in percent, at which an instance is closed, unless `max_disk_threshold` says otherwise. */
const THRESHOLD_PERCENT = 80;
const KIB_PER_MIB = 1024;

/** The properties of a job that say how large its disk is, in MiB, and how full it may be. */
interface DiskLimit {
  readonly mib: number;
  readonly percent: number;
}

function limitOf({ parameters }: Instance): DiskLimit | undefined {
  const { disk_mb: mib, max_disk_threshold: percent } = parameters;
  return typeof mib === "number" && mib > 0
    ? { mib, percent: typeof percent === "number" ? percent : THRESHOLD_PERCENT }
    : undefined;
}

/**
 * Keeps an instance from using more than its disk: its folder is measured from time to time, and if it is fuller than the threshold, its sessions
 * are ended and nobody is admitted until the threshold is raised or the disk enlarged. The a9s platform does the same; and as there, an instance
 * that fills its disk between two looks exceeds the threshold.
 */
export class DiskWatch {
  readonly #nodes: Nodes;
  /** The reasons why instances are closed, by address. */
  readonly #full = new Map<string, string>();
  #isLooking = false;

  constructor(nodes: Nodes) {
    this.#nodes = nodes;
  }

  /** @throws LivePlaneError LIVE_DATA_DISK_FULL */
  requireRoom({ address }: Instance): void {
    const why = this.#full.get(address);
    if (why !== undefined) throw new LivePlaneError("LIVE_DATA_DISK_FULL", why);
  }

  /**
   * Measures the instances whose servers are running. @returns the addresses of those that have just become too full
   */
  async look(instances: readonly Instance[]): Promise<readonly string[]> {
    if (this.#isLooking) return [];
    this.#isLooking = true;
    try {
      const filled: string[] = [];
      for (const instance of instances) if (await this.#hasFilled(instance)) filled.push(instance.address);
      return filled;
    } finally {
      this.#isLooking = false;
    }
  }

  async #hasFilled(instance: Instance): Promise<boolean> {
    const limit = limitOf(instance);
    const { node, data } = this.#nodes.nodeOf(instance.disk);
    const wasFull = this.#full.has(instance.address);
    // An instance that cannot be reached does not grow.
    if (node === undefined && !wasFull) return false;
    const used = limit === undefined || data === undefined ? 0 : (await usedKib(data)) / KIB_PER_MIB;
    if (limit === undefined || used * 100 <= limit.mib * limit.percent) {
      this.#full.delete(instance.address);
      return false;
    }
    const why = `${Math.round(used)} of ${limit.mib} MiB are used, and max_disk_threshold is ${limit.percent} %`;
    this.#full.set(instance.address, why);
    return !wasFull;
  }
}

/** Files that come and go during the measurement are not errors. */
async function usedKib(folder: string): Promise<number> {
  const { stdout } = await run("du", ["-sk", folder]).catch((error: { readonly stdout?: string }) => ({
    stdout: error.stdout ?? "0",
  }));
  return Number.parseInt(stdout, 10) || 0;
}
