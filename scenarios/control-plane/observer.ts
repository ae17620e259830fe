import type { ControlPlaneAnswer, ControlPlaneClient } from "./process.ts";

const IDS = { service_id: "5d3b1c10-0000-4000-8000-000000000000", plan_id: "5d3b1c10-0000-4000-8000-000000000000" };
const OWNER = { organization_guid: "org", space_guid: "space" };
const ENDING_MS_MAX = 600_000;
const POLL_MS = 50;

/** Time between two looks. */
export const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, POLL_MS));

/** A list in an answer; empty if it is not one. */
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** The state of each backup that an answer lists. */
const statesOf = ({ json }: ControlPlaneAnswer): readonly string[] =>
  listOf(json.backups).map((backup) => String(Object.getOwnPropertyDescriptor(backup, "state")?.value));

/** Sends the requests of all platforms, and records what they see of a control plane. */
export class Observer {
  readonly #client: ControlPlaneClient;
  readonly statuses: Record<string, number> = {};
  readonly violations: string[] = [];
  answers = 0;
  acknowledged = 0;
  /** Platforms continue while this is true. */
  isLoaded = true;

  constructor(client: ControlPlaneClient) {
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

  /**
   * Sends a request until the database is back, and until another operation of the instance has ended: a backup is shown as succeeded a moment before
   * its operation has ended. @throws Error if that takes too long
   */
  async ask(...request: Parameters<ControlPlaneClient>): Promise<ControlPlaneAnswer> {
    const deadlineMs = performance.now() + ENDING_MS_MAX;
    for (;;) {
      const answer = await this.send(...request);
      if (answer.status < 500 && answer.json.error !== "ConcurrencyError") return answer;
      if (performance.now() > deadlineMs) throw new Error(`${request[1]} only answers ${answer.status}`);
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

  /** Makes one backup. An order that was answered 503 may have been accepted nonetheless: sent again under its name, it is the same one. */
  async backUp(path: string): Promise<void> {
    const backups = `${path}/extensions/backup/backups`;
    const list = async (): Promise<readonly unknown[]> => statesOf(await this.ask("GET", backups));
    const name = { "idempotency-key": path.replaceAll(/\W/g, "-") };
    const { status } = await this.ask("POST", backups, undefined, "platform", name);
    if (status !== 202) return void this.violations.push(`POST ${backups}: ${status}`);
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

  /** Records that a platform can't continue because the control plane does not answer. */
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
