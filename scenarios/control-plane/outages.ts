import type { Postgres, StopMode } from "../../broker/store/testing.ts";
import { findBrokenLaws } from "../../simulators/laws.ts";
import { recordLaws } from "../laws/records.ts";
import type { Cloud } from "../cloud/cloud.ts";
import { listOf, Observer, pause } from "./observer.ts";
import { ControlPlaneProcess, controlPlaneClient, controlPlaneEnvironment } from "./process.ts";

/** Requests during each outage, all of which must be answered 503. */
const PROBES = 3;
/** Answers between two restarts, so that the load is back before the next one. */
const ANSWERS_BETWEEN = 40;

/** A control plane, its database, and the restarts of the database. */
interface OutageOptions {
  readonly cloud: Cloud;
  readonly postgres: Postgres;
  /** Address and port at which the control plane listens. */
  readonly address: string;
  /** How the database is stopped, for each restart. */
  readonly restarts: readonly StopMode[];
  /** Platforms that lead instances through their lifecycles, side by side. Default 6. */
  readonly customers?: number;
  /** Called after each restart. */
  readonly tell?: (restart: number, answers: number) => void;
}

/** The fate of the control plane and its operations. */
export interface OutageResult {
  /** Operations that were acknowledged. Those that did not succeed are in `violations`. */
  readonly acknowledged: number;
  /** Number of answers, by status. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Answers that no platform should see, operations that did not end as they should, and defects. */
  readonly violations: readonly string[];
  readonly hasDied: boolean;
  /** The laws that are broken once everything is deleted: what is left behind in the cloud. */
  readonly left: readonly string[];
  /** Number of records that remain once everything is deleted. */
  readonly records: number;
}

/** Restarts the database under load, each time after some further load. */
async function restartUnderLoad(observer: Observer, { postgres, restarts, tell }: OutageOptions): Promise<void> {
  const probe = async (): Promise<void> => {
    for (let sent = 0; sent < PROBES; sent++) {
      const { status } = await observer.send("GET", "/v2/service_instances/probe/last_operation");
      if (status !== 503) observer.violations.push(`without a database: ${status}`);
    }
  };
  for (const [at, mode] of restarts.entries()) {
    const enough = observer.answers + ANSWERS_BETWEEN;
    while (observer.isLoaded && observer.answers < enough) await pause();
    if (!observer.isLoaded) return;
    await postgres.restart(mode, probe);
    tell?.(at + 1, observer.answers);
  }
}

/**
 * Runs a control plane as a process on a database that is restarted under load; each restart cuts off whatever is in progress. Operations that
 * were acknowledged must succeed, requests that can't be served must be answered 503, and nothing may be left behind.
 */
export async function surviveOutages(options: OutageOptions): Promise<OutageResult> {
  const { cloud, postgres, address, customers = 6 } = options;
  const control = new ControlPlaneProcess(controlPlaneEnvironment(cloud, address, postgres.url));
  const observer = new Observer(controlPlaneClient(address));
  try {
    await control.awaitEvent("started");
    const platform = async (name: number): Promise<void> => {
      for (let count = 1; observer.isLoaded; count++) await observer.runLifecycle(`outage-${name}-${count}`);
    };
    const platforms = Array.from({ length: customers }, (_, name) =>
      platform(name).catch((error: unknown) => observer.abandon(error)),
    );
    await restartUnderLoad(observer, options).catch((error: unknown) => observer.abandon(error));
    observer.isLoaded = false;
    await Promise.all(platforms);
    if (control.hasExited) return { ...summaryOf(observer, control), left: [], records: 0 };
    const { json } = await observer.ask("GET", "/instances", undefined, "operator");
    return {
      ...summaryOf(observer, control),
      left: findBrokenLaws(cloud.world, recordLaws([])),
      records: listOf(json.instances).length,
    };
  } finally {
    await control.kill("SIGKILL");
  }
}

function summaryOf(
  { statuses, violations, acknowledged }: Observer,
  control: ControlPlaneProcess,
): Omit<OutageResult, "left" | "records"> {
  const defects = control.output.split("\n").filter((line) => line.includes('"event":"defect"'));
  return { acknowledged, statuses, violations: [...violations, ...defects], hasDied: control.hasExited };
}
