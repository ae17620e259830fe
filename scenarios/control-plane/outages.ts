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
/** Requests while the database is away, each of which must get 503. */
const PROBES = 3;
/** Answers between two restarts: the load goes on in between. */
const ANSWERS_BETWEEN = 60;

/** A control plane, its database, and how often the one loses the other. */
interface OutageOptions {
  readonly cloud: Cloud;
  readonly postgres: Postgres;
  /** Where the control plane listens: address and port. */
  readonly address: string;
  /** One restart of the database each. */
  readonly restarts: readonly StopMode[];
  /** Platforms that live whole lives of instances side by side. Default 6. */
  readonly customers?: number;
  /** Called after each restart. */
  readonly tell?: (restart: number, answers: number) => void;
}

/** What came of it. */
export interface OutageResult {
  /** Operations that were acknowledged. Those that did not end well are in `wrong`. */
  readonly acknowledged: number;
  /** How many answers had each status. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Answers that no platform should see, and operations that did not end as they should. */
  readonly wrong: readonly string[];
  readonly hasDied: boolean;
  /** Records and parts of the cloud that are left over when all is deleted. */
  readonly left: readonly string[];
  readonly records: number;
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, POLL_MS));

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** The state of each backup that an answer lists. */
const statesOf = ({ json }: ControlPlaneAnswer): readonly string[] =>
  listOf(json.backups).map((backup) => String(Object.getOwnPropertyDescriptor(backup, "state")?.value));

/** What all platforms see of one control plane. */
class Observer {
  readonly control: ControlPlaneProcess;
  readonly #client: ControlPlaneClient;
  readonly statuses: Record<string, number> = {};
  readonly wrong: string[] = [];
  answers = 0;
  acknowledged = 0;
  /** Platforms go on as long as this is so. */
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
      this.wrong.push(`${request[0]} ${request[1]}: ${status} ${JSON.stringify(json)}`);
    return answer;
  }

  /** Asks until the database is there again. @throws Error when it never is */
  async ask(...request: Parameters<ControlPlaneClient>): Promise<ControlPlaneAnswer> {
    const deadlineMs = performance.now() + ENDING_MS_MAX;
    for (;;) {
      const answer = await this.send(...request);
      if (answer.status < 500) return answer;
      if (performance.now() > deadlineMs) throw new Error(`${request[1]} answers ${answer.status} and nothing else`);
      await pause();
    }
  }

  /** Asks for what takes its time, and follows it to its end. */
  async operate(method: string, path: string, body?: object): Promise<void> {
    const query = new URLSearchParams({ accepts_incomplete: "true", ...(method === "DELETE" && IDS) });
    const answer = await this.ask(method, `${path}?${String(query)}`, body && { ...IDS, ...body });
    const isOver = method === "DELETE" ? answer.status === 410 : answer.status < 202;
    if (isOver) return;
    if (answer.status !== 202) return void this.wrong.push(`${method} ${path}: ${answer.status}`);
    this.acknowledged++;
    const operation = String(answer.json.operation);
    const end = await this.#follow(`${path}/last_operation?operation=${operation}`, ({ status, json }) =>
      status === 200 ? (json.state === "in progress" ? undefined : String(json.state)) : String(status),
    );
    if (end !== "succeeded" && !(method === "DELETE" && end === "410"))
      this.wrong.push(`${method} ${path}, operation ${operation}: ${end}`);
  }

  /** Makes one backup. An order whose answer was an outage may have been taken: the list says so. */
  async backUp(path: string): Promise<void> {
    const backups = `${path}/extensions/backup/backups`;
    const list = async (): Promise<readonly unknown[]> => statesOf(await this.ask("GET", backups));
    for (;;) {
      const { status } = await this.send("POST", backups);
      if (status === 202 || (await list()).length > 0) break;
      if (status !== 503) return void this.wrong.push(`POST ${backups}: ${status}`);
      await pause();
    }
    this.acknowledged++;
    const end = await this.#follow(backups, (answer) =>
      statesOf(answer).find((state) => state !== "queued" && state !== "running"),
    );
    const { length } = await list();
    if (end !== "succeeded" || length !== 1) this.wrong.push(`POST ${backups}: ${length} backups, one of them ${end}`);
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

  /** A platform has come to where it can't go on: the control plane does not answer. */
  abandon(error: unknown): void {
    this.isLoaded = false;
    this.wrong.push(error instanceof Error ? `${error.message} ${String(error.cause ?? "")}` : String(error));
  }

  /** One whole life of an instance. */
  async live(id: string): Promise<void> {
    const path = `/v2/service_instances/${id}`;
    await this.operate("PUT", path, OWNER);
    await this.operate("PUT", `${path}/service_bindings/${id}-b`, {});
    await this.operate("PATCH", path, { parameters: { max_connections: 21 } });
    await this.backUp(path);
    await this.operate("DELETE", `${path}/service_bindings/${id}-b`);
    await this.operate("DELETE", path);
  }
}

/** Restarts the database under load, again and again, each time once the load has gone on for a while. */
async function restartUnderLoad(observer: Observer, { postgres, restarts, tell }: OutageOptions): Promise<void> {
  const probe = async (): Promise<void> => {
    for (let sent = 0; sent < PROBES; sent++) {
      const { status } = await observer.send("GET", "/v2/service_instances/probe/last_operation");
      if (status !== 503) observer.wrong.push(`without a database: ${status}`);
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
 * Runs a control plane as a process on a database that is restarted under load: each restart cuts what is under way. What was acknowledged must
 * end well, who can't be answered must get 503, and nothing may be left over.
 */
export async function surviveOutages(options: OutageOptions): Promise<OutageResult> {
  const { cloud, postgres, address, customers = 6 } = options;
  const control = new ControlPlaneProcess(controlPlaneEnvironment(cloud, address, postgres.url));
  const observer = new Observer(control, controlPlaneClient(address));
  try {
    await control.logs("started");
    const platform = async (name: number): Promise<void> => {
      for (let life = 1; observer.isLoaded; life++) await observer.live(`outage-${name}-${life}`);
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

function summaryOf({ control, statuses, wrong, acknowledged }: Observer): Omit<OutageResult, "left" | "records"> {
  const defects = control.output.split("\n").filter((line) => line.includes('"event":"defect"'));
  return { acknowledged, statuses, wrong: [...wrong, ...defects], hasDied: control.hasExited };
}
