import { findBrokenLaws } from "../../simulators/laws.ts";
import type { PostgresPair } from "../../broker/store/local/pair.ts";
import type { Cloud } from "../cloud/cloud.ts";
import { recordLaws } from "../laws/records.ts";
import { listOf, Observer, pause } from "./observer.ts";
import { ControlPlaneProcess, controlPlaneEnvironment } from "./process.ts";
import { balance, doneTwice } from "./processes.ts";

/** A control plane whose database fails over. */
interface FailoverOptions {
  readonly cloud: Cloud;
  readonly pair: PostgresPair;
  readonly address: string;
  /** How many operations are under way when the primary is killed. */
  readonly operations: number;
}

/** The outcome of the operations. */
interface FailoverResult {
  readonly acknowledged: number;
  /** How many had been acknowledged when the primary was killed, and how many of those had not ended. */
  readonly acknowledgedBefore: number;
  readonly runningBefore: number;
  /** From the kill until the standby accepts writes. */
  readonly promotedMs: number;
  readonly violations: readonly string[];
  readonly twice: readonly string[];
  readonly left: readonly string[];
  readonly records: number;
}

const OWNER = { organization_guid: "org", space_guid: "space" };

/**
 * Orders many instances at once, kills the primary of the store once most of the orders are acknowledged, and follows every operation to its end; then
 * deletes every instance. What was acknowledged must succeed, and nothing may be done twice or left behind.
 */
export async function surviveFailover({ cloud, pair, address, operations }: FailoverOptions): Promise<FailoverResult> {
  const control = new ControlPlaneProcess(controlPlaneEnvironment(cloud, address, pair.url));
  const observer = new Observer(balance([address], ANSWER_MS_MAX));
  let ended = 0;
  try {
    await control.awaitEvent("started");
    const lifecycle = async (at: number): Promise<void> => {
      const path = `/v2/service_instances/failover-${at}`;
      await observer.operate("PUT", path, OWNER);
      ended++;
      await observer.operate("DELETE", path);
    };
    const lifecycles = Promise.all(
      Array.from({ length: operations }, (_, at) => lifecycle(at).catch((error: unknown) => observer.abandon(error))),
    );
    while (observer.isLoaded && observer.acknowledged < operations * KILLED_AT_SHARE) await pause();
    const [acknowledgedBefore, runningBefore] = [observer.acknowledged, observer.acknowledged - ended];
    const killedMs = performance.now();
    await pair.killPrimary();
    const promotedMs = Math.round(performance.now() - killedMs);
    await lifecycles;
    const { json } = await observer.ask("GET", "/instances", undefined, "operator");
    const defects = control.output.split("\n").filter((line) => line.includes('"event":"defect"'));
    return {
      acknowledged: observer.acknowledged,
      acknowledgedBefore,
      runningBefore,
      promotedMs,
      violations: [...observer.violations, ...defects, ...(control.hasExited ? ["the control plane has ended"] : [])],
      twice: doneTwice(cloud),
      left: findBrokenLaws(cloud.world, recordLaws([])),
      records: listOf(json.instances).length,
    };
  } finally {
    await control.kill("SIGKILL");
  }
}

/** Longer than a statement may wait for the database. */
const ANSWER_MS_MAX = 60_000;
/** The primary is killed while orders are still coming in. */
const KILLED_AT_SHARE = 0.8;
