import type { Postgres, StopMode } from "../../broker/store/testing.ts";
import { findBrokenLaws } from "../../simulators/laws.ts";
import { recordLaws } from "../laws/records.ts";
import type { Cloud } from "../cloud/cloud.ts";
import {
  ControlPlaneProcess,
  type ControlPlaneAnswer,
  controlPlaneClient,
  type ControlPlaneClient,
  controlPlaneEnvironment,
} from "./process.ts";

const IDS = { service_id: "5d3b1c10-0000-4000-8000-000000000000", plan_id: "5d3b1c10-0000-4000-8000-000000000000" };
const OWNER = { organization_guid: "org", space_guid: "space" };
const ENDING_MS_MAX = 120_000;
const POLL_MS = 20;
/** Requests during each outage, all of which must be answered 503. */
const PROBES = 3;
/** Answers between two restarts, so that the load is back before the next one. */
const ANSWERS_BETWEEN = 60;

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

/** What became of the control plane and its operations. */
export interface OutageResult {
  /** Operations that were acknowledged. Those that did not succeed are in `violations`. */
  readonly acknowledged: number;
  /** Number of answers, by status. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Answers that no platform should see, operations that did not end as they should, and defects. */
  readonly violations: readonly string[];
  readonly hasDied: boolean;
  /** The laws that are broken once everything is deleted: what is left over in the cloud. */
  readonly left: readonly string[];
  /** Number of records that are left over once everything is deleted. */
  readonly records: number;
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, POLL_MS));

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** The state of each backup that an answer lists. */
const statesOf = ({ json }: ControlPlaneAnswer): readonly string[] =>
  listOf(json.backups).map((backup) => String(Object.getOwnPropertyDescriptor(backup, "state")?.value));

/** Sends the requests of all platforms, and notes what they see of one control plane. */
class Observer {
  readonly control: ControlPlaneProcess;
  readonly #client: ControlPlaneClient;
  readonly statuses: Record<string, number> = {};
  readonly violations: string[] = [];
  answers = 0;
  acknowledged = 0;
  /** Platforms go on while this is true. */
  isLoaded = true;

  constructor(control: ControlPlaneProcess, client: ControlPlaneClient) {
    this.control = control;
    this.#client = client;
  }

  async send(...request: Parameters<ControlPlaneClient>): Promise<ControlPlaneAnswer> {
    const answer = await this.#client(...request);
    const { status, json } = answer;
    this.answers++;
    this.statuses[status] = (this.statuses[status] ?? 0) + 1;
    const isExplained = status < 400 || (typeof json.description === "string" && json.description !== "");
    if ((status >= 500 && status !== 503) || !isExplained)
      this.violations.push(`${request[0]} ${request[1]}: ${status} ${JSON.stringify(json)}`);
    return answer;
  }

  /** Sends a request until the database is back. @throws Error when that takes too long */
  async ask(...request: Parameters<ControlPlaneClient>): Promise<ControlPlaneAnswer> {
    const deadlineMs = performance.now() + ENDING_MS_MAX;
    for (;;) {
      const answer = await this.send(...request);
      if (answer.status < 500) return answer;
      if (performance.now() > deadlineMs) throw new Error(`${request[1]} answers nothing but ${answer.status}`);
      await pause();
    }
  }

  /** Orders an operation and follows it to its end. */
  async operate(method: string, path: string, body?: object): Promise<void> {
    const query = new URLSearchParams({ accepts_incomplete: "true", ...(method === "DELETE" && IDS) });
    const answer = await this.ask(method, `${path}?${String(query)}`, body && { ...IDS, ...body });
    const isOver = method === "DELETE" ? answer.status === 410 : answer.status < 202;
    if (isOver) return;
    if (answer.status !== 202) return void this.violations.push(`${method} ${path}: ${answer.status}`);
    this.acknowledged++;
    const operation = String(answer.json.operation);
    const end = await this.#follow(`${path}/last_operation?operation=${operation}`, ({ status, json }) =>
      status === 200 ? (json.state === "in progress" ? undefined : String(json.state)) : String(status),
    );
    if (end !== "succeeded" && !(method === "DELETE" && end === "410"))
      this.violations.push(`${method} ${path}, operation ${operation}: ${end}`);
  }

  /** Makes one backup. An order that was answered 503 may have been accepted all the same: the list shows it. */
  async backUp(path: string): Promise<void> {
    const backups = `${path}/extensions/backup/backups`;
    const list = async (): Promise<readonly unknown[]> => statesOf(await this.ask("GET", backups));
    for (;;) {
      const { status } = await this.send("POST", backups);
      if (status === 202 || (await list()).length > 0) break;
      if (status !== 503) return void this.violations.push(`POST ${backups}: ${status}`);
      await pause();
    }
    this.acknowledged++;
    const end = await this.#follow(backups, (answer) =>
      statesOf(answer).find((state) => state !== "queued" && state !== "running"),
    );
    const { length } = await list();
    if (end !== "succeeded" || length !== 1)
      this.violations.push(`POST ${backups}: ${length} backups, one of them ${end}`);
  }

  async #follow(path: string, endOf: (answer: ControlPlaneAnswer) => string | undefined): Promise<string> {
    const deadlineMs = performance.now() + ENDING_MS_MAX;
    while (performance.now() < deadlineMs) {
      const end = endOf(await this.ask("GET", path));
      if (end !== undefined) return end;
      await pause();
    }
    return "no end";
  }

  /** Notes that a platform can't go on because the control plane does not answer. */
  abandon(error: unknown): void {
    this.isLoaded = false;
    this.violations.push(error instanceof Error ? `${error.message} ${String(error.cause ?? "")}` : String(error));
  }

  /** Leads an instance through its whole lifecycle. */
  async runLifecycle(id: string): Promise<void> {
    const path = `/v2/service_instances/${id}`;
    await this.operate("PUT", path, OWNER);
    await this.operate("PUT", `${path}/service_bindings/${id}-b`, {});
    await this.operate("PATCH", path, { parameters: { max_connections: 21 } });
    await this.backUp(path);
    await this.operate("DELETE", `${path}/service_bindings/${id}-b`);
    await this.operate("DELETE", path);
  }
}

/** Restarts the database under load, each time after the load has gone on for a while. */
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
 * were acknowledged must succeed, requests that can't be served must be answered 503, and nothing may be left over.
 */
export async function surviveOutages(options: OutageOptions): Promise<OutageResult> {
  const { cloud, postgres, address, customers = 6 } = options;
  const control = new ControlPlaneProcess(controlPlaneEnvironment(cloud, address, postgres.url));
  const observer = new Observer(control, controlPlaneClient(address));
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
    if (control.hasExited) return { ...summaryOf(observer), left: [], records: 0 };
    const { json } = await observer.ask("GET", "/instances", undefined, "operator");
    return {
      ...summaryOf(observer),
      left: findBrokenLaws(cloud.world, recordLaws([])),
      records: listOf(json.instances).length,
    };
  } finally {
    await control.kill("SIGKILL");
  }
}

function summaryOf({ control, statuses, violations, acknowledged }: Observer): Omit<OutageResult, "left" | "records"> {
  const defects = control.output.split("\n").filter((line) => line.includes('"event":"defect"'));
  return { acknowledged, statuses, violations: [...violations, ...defects], hasDied: control.hasExited };
}
