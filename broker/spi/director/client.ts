import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";
import type { BrokerConfig } from "../../config.ts";
import type { Host } from "../../host.ts";
import { type BackendAnswer, bodyOf, exchange, expectStatus, retryWhileDown, textOf } from "../../http/client.ts";
import { DIRECTOR_CODES, directorCode } from "../../http/refusals.ts";
import { directorAuthorization } from "./authorization.ts";

const TaskView = Type.Object({
  id: Type.Integer(),
  state: Type.String(),
  result: Type.Optional(Type.Union([Type.String(), Type.Null()])),
});

/** A task, as the director shows it. */
export type TaskView = Static<typeof TaskView>;

const TASK = Compile(TaskView);
const TASKS = Compile(Type.Array(TaskView));

/** States in which a task has not ended. */
const RUNNING = new Set(["queued", "processing", "cancelling"]);

/** Whether a task has not ended yet. */
export const isRunning = ({ state }: TaskView): boolean => RUNNING.has(state);

/** The parts of a request to the director. */
interface DirectorRequestOptions {
  readonly body?: string;
  /** Media type of the body. */
  readonly type?: string;
  /** Names the attempt, so that its task is found again (X-Bosh-Context-Id, 64 characters at most). */
  readonly contextId?: string;
}

/** Requests to one director (docs/discoveries/bosh-director.md). */
export class DirectorClient {
  readonly #host: Host;
  readonly #url: string;
  readonly #authorization: () => Promise<string>;

  constructor(config: BrokerConfig, host: Host) {
    this.#host = host;
    this.#url = config.director.url;
    this.#authorization = directorAuthorization(config, host);
  }

  /** One request, not retried: a task that it may have started must be looked for first. @throws BackendError */
  async send(method: string, path: string, options: DirectorRequestOptions = {}): Promise<BackendAnswer> {
    const headers: Record<string, string> = { authorization: await this.#authorization() };
    if (options.type !== undefined) headers["content-type"] = options.type;
    if (options.contextId !== undefined) headers["x-bosh-context-id"] = options.contextId;
    return exchange(this.#host, {
      method,
      url: `${this.#url}${path}`,
      headers,
      ...(options.body !== undefined && { body: options.body }),
    });
  }

  /** GET, retried while the director is down. @throws BackendError */
  read(path: string): Promise<BackendAnswer> {
    return retryWhileDown(this.#host, () => this.send("GET", path));
  }

  async task(id: number): Promise<TaskView> {
    return bodyOf(expectStatus(await this.read(`/tasks/${id}`), `task ${id}`, 200), TASK);
  }

  /** The tasks of a context id, newest first. */
  async tasksOf(contextId: string): Promise<readonly TaskView[]> {
    const answer = await this.send("GET", `/tasks?verbose=2&context_id=${contextId}`);
    return bodyOf(expectStatus(answer, "tasks", 200), TASKS);
  }

  /** Cancels a task. One that has ended meanwhile, or that the director has forgotten, counts as cancelled. */
  async cancel(id: number): Promise<void> {
    const answer = await retryWhileDown(this.#host, () => this.send("DELETE", `/task/${id}`));
    const hasEnded = answer.status === 400 && textOf(answer).startsWith(`Cannot cancel task ${id}:`);
    if (!hasEnded && directorCode(answer) !== DIRECTOR_CODES.taskNotFound) expectStatus(answer, `task ${id}`, 204);
  }
}
