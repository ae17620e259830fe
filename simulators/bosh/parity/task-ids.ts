/*
 * Maps the recording's tasks to the simulator's. If one of the two refuses what the other starts, later ids
 * differ; the contents of the tasks are still compared.
 */

/** A task's id in its own address, or in the query of another. */
const IN_PATH = /(\/tasks?\/|[?&]task=)(\d+)/g;

/** The director's names for tasks in its texts. */
const IN_TEXT = /\b(Task |task id is |\/tasks\/)(\d+)\b/g;

/** The two numberings, side by side. */
export class TaskIds {
  readonly #own = new Map<number, number>();
  readonly #recorded = new Map<number, number>();
  #setup = 0;

  /** Counts a task of the setup, which both directors start. */
  bindSetup(own: number): void {
    this.bind(++this.#setup, own);
  }

  bind(recorded: number, own: number): void {
    this.#own.set(recorded, own);
    this.#recorded.set(own, recorded);
  }

  /** The simulator's task; undefined if it never started one. */
  ownOf(recorded: number): number | undefined {
    return this.#own.get(recorded);
  }

  /** A path of the recording, as the simulator knows it. */
  toOwn(path: string): string {
    return path.replace(IN_PATH, (_whole, before: string, id: string) => `${before}${this.ownOf(Number(id)) ?? id}`);
  }

  #recordedOf = (id: number): number => this.#recorded.get(id) ?? id;

  /** A text of the simulator, with the recording's ids. */
  textToRecorded(text: string): string {
    return text.replace(IN_TEXT, (_whole, before: string, id: string) => `${before}${this.#recordedOf(Number(id))}`);
  }

  /** An answer of the simulator to this path, with the recording's ids where the API shows tasks. */
  toRecorded(path: string, body: unknown): unknown {
    if (typeof body === "string") return this.textToRecorded(body);
    if (Array.isArray(body)) return body.map((each) => this.toRecorded(path, each));
    if (typeof body !== "object" || body === null) return body;
    const key = /^\/tasks\b/.test(path) ? "id" : /^\/events\b/.test(path) ? "task" : "task_id";
    return Object.fromEntries(
      Object.entries(body).map(([name, value]: [string, unknown]) => {
        if (name === key && typeof value === "number") return [name, this.#recordedOf(value)];
        if (name === key && typeof value === "string" && /^\d+$/.test(value))
          return [name, String(this.#recordedOf(Number(value)))];
        return [name, typeof value === "string" ? this.textToRecorded(value) : value];
      }),
    );
  }
}

/** The id of the task to which a reply sends its client. */
export function taskIdIn(location: string | undefined): number | undefined {
  const id = /\/tasks\/(\d+)$/.exec(location ?? "")?.[1];
  return id === undefined ? undefined : Number(id);
}
