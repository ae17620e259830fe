import type { Behaviour, ToyInstance } from "./behaviour.ts";
import type { ToyCloud } from "./cloud.ts";
import { copyOf, type Store } from "./engine.ts";

/** A backup or a restore. */
export interface Task {
  readonly id: string;
  readonly kind: "backup" | "restore";
  readonly instance: string;
  /** The owner of the instance. */
  readonly owner: string;
  /** The name that the sender gave the request. */
  readonly name: string | undefined;
  readonly origin: "request" | "schedule";
  /** The tenant's key under which it is sealed. */
  readonly key: string | undefined;
  /** For a restore: the backup. */
  readonly of: string | undefined;
  readonly triggeredMs: number;
  startedMs: number;
  finishedMs: number;
  state: "queued" | "running" | "succeeded" | "failed" | "deleted";
  dump: Store | undefined;
  damage: "byte" | "part" | "metadata" | undefined;
}

/** How an instance is backed up. */
export interface Settings {
  key: string | undefined;
  keepMin: number;
  keepDays: number;
  /** `minute hour * * *`, UTC. */
  cron: string;
  /** The time up to which slots have been processed. */
  seenMs: number;
}

/** The reason why a request is refused. */
export interface Refusal {
  readonly refused: number;
}

/** The moments within a span at which a daily schedule is due. */
export function dailySlots(cron: string, fromMs: number, untilMs: number): readonly number[] {
  const [minute = 0, hour = 0] = cron.split(" ").map(Number);
  const day = 86_400_000;
  const slots: number[] = [];
  for (let at = Math.floor(fromMs / day) * day + (hour * 60 + minute) * 60_000; at <= untilMs; at += day)
    if (at > fromMs) slots.push(at);
  return slots;
}

const isOpen = ({ state }: Task): boolean => state === "queued" || state === "running";

/** How long a backup or a restore takes, in milliseconds. */
const TASK_MS = 400;

/** The backups of a toy cloud, whatever the dialect of the requests. Its time is the cloud's. */
export class ToyVault {
  readonly cloud: ToyCloud;
  readonly #tasks = new Map<string, Task>();
  readonly #settings = new Map<string, Settings>();
  #serial = 0;

  constructor(cloud: ToyCloud) {
    this.cloud = cloud;
  }

  get does(): Behaviour {
    return this.cloud.does;
  }

  get #nowMs(): number {
    return this.cloud.nowMs();
  }

  tasks(): readonly Task[] {
    return [...this.#tasks.values()];
  }

  running(instance: string): Task | undefined {
    return this.tasks().find((each) => each.instance === instance && isOpen(each));
  }

  settingsOf(instance: string): Settings {
    const fresh = { key: undefined, keepMin: 3, keepDays: 14, cron: "", seenMs: this.#nowMs };
    const settings = this.#settings.get(instance) ?? fresh;
    this.#settings.set(instance, settings);
    return settings;
  }

  backup(id: string): Task | undefined {
    const found = this.#tasks.get(id);
    return found?.kind === "backup" ? found : undefined;
  }

  restoreOf(id: string, instance: string): Task | undefined {
    const found = this.#tasks.get(id);
    return found?.kind === "restore" && found.instance === instance ? found : undefined;
  }

  /** Does everything that is due. */
  tick(): void {
    for (const task of this.tasks()) if (isOpen(task)) this.#advance(task);
    for (const instance of this.cloud.instances.values()) {
      const settings = this.settingsOf(instance.id);
      if (settings.cron !== "")
        for (const atMs of this.does.slots(settings.cron, settings.seenMs, this.#nowMs))
          this.#add("backup", instance, { origin: "schedule", triggeredMs: atMs });
      settings.seenMs = this.#nowMs;
      this.#expire(instance.id, settings);
    }
  }

  #expire(instance: string, settings: Settings): void {
    const good = this.tasks().filter(
      (each) => each.instance === instance && each.state === "succeeded" && each.kind === "backup",
    );
    for (const each of this.does.findExpired(good, settings, this.#nowMs)) this.does.forget(each);
  }

  #add(kind: Task["kind"], { id, request }: Pick<ToyInstance, "id" | "request">, more: Partial<Task>): Task {
    const task: Task = {
      id: `b-${++this.#serial}`,
      kind,
      instance: id,
      owner: ownerOf(request),
      name: undefined,
      origin: "request",
      key: kind === "backup" ? this.settingsOf(id).key : undefined,
      of: undefined,
      triggeredMs: this.#nowMs,
      startedMs: 0,
      finishedMs: 0,
      state: "queued",
      dump: undefined,
      damage: undefined,
      ...more,
    };
    this.#tasks.set(task.id, task);
    if (kind === "backup") this.#begin(task);
    return task;
  }

  #begin(task: Task): void {
    const instance = this.cloud.instances.get(task.instance);
    if (instance === undefined) return;
    this.does.lock(instance);
    task.dump = this.does.dump(instance, this.cloud);
  }

  #advance(task: Task): void {
    const instance = this.cloud.instances.get(task.instance);
    if (task.state === "queued") [task.state, task.startedMs] = ["running", Math.max(task.triggeredMs, this.#nowMs)];
    if (this.#nowMs < task.startedMs + TASK_MS || instance === undefined) return;
    const fault = [...this.cloud.faults].find((each) => FAULTS_OF[task.kind].includes(each));
    task.state = fault === undefined ? this.#finish(task, instance) : this.does.endUnder(fault, task, this);
    task.finishedMs = this.#nowMs;
    this.does.unlock(instance, task.state === "succeeded" ? "succeeded" : "failed");
  }

  #finish(task: Task, instance: ToyInstance): "succeeded" | "failed" {
    if (task.kind === "backup" && task.dump !== undefined)
      task.dump = this.does.finishDump(task.dump, instance, this.cloud);
    if (task.kind === "backup" || task.dump === undefined) return "succeeded";
    const source = task.of === undefined ? undefined : this.backup(task.of);
    if (source !== undefined && !this.does.verifies(source, this)) return "failed";
    this.does.restore(instance, task.dump, this.cloud);
    instance.log.push({ atMs: this.#nowMs, did: { do: "restore", store: copyOf(instance.store) } });
    return "succeeded";
  }

  /** Orders a backup. */
  order(instance: ToyInstance, name: string | undefined): Task | Refusal {
    const before = this.does.findRepeat(instance, name, this);
    if (before !== undefined) return before;
    if (instance.isFull) return { refused: 422 };
    return this.does.isBusy(instance, this) ? { refused: 409 } : this.#add("backup", instance, { name });
  }

  /** Orders a restore of a backup into an instance. */
  restore(target: ToyInstance, backup: Task | undefined, key: string | undefined, name?: string): Task | Refusal {
    if (backup === undefined) return { refused: this.does.unknownStatus("restore") };
    if (backup.state === "deleted") return { refused: 410 };
    if (backup.state !== "succeeded" || backup.dump === undefined) return { refused: 422 };
    if (!this.does.opens(backup, key, this)) return { refused: 422 };
    if (this.does.isBusy(target, this)) return { refused: 409 };
    return this.#add("restore", target, { of: backup.id, dump: backup.dump, name });
  }

  windowOf(instance: ToyInstance): readonly [number, number] | undefined {
    const first = this.tasks().find((each) => each.instance === instance.id && each.state === "succeeded");
    return this.does.window(instance, first, this.#nowMs);
  }

  /** Orders a restore to a moment. */
  restoreTo(target: ToyInstance, source: ToyInstance, atMs: number): Task | Refusal {
    const window = this.windowOf(source);
    if (window === undefined || !this.does.isInWindow(window, atMs)) return { refused: 422 };
    return this.#add("restore", target, { dump: this.does.at(source, atMs) });
  }

  /** Removes a backup, unless it is in use. */
  remove(backup: Task): Refusal | undefined {
    if (isOpen(backup) || this.tasks().some((each) => each.of === backup.id && isOpen(each))) return { refused: 423 };
    this.does.forget(backup);
    return undefined;
  }

  /** Keeps the good backups of an instance that is gone, for its owner alone. */
  keep(instance: string): void {
    for (const task of this.tasks())
      if (task.instance === instance && task.state !== "succeeded") this.#tasks.delete(task.id);
      else if (task.instance === instance)
        this.#tasks.set(task.id, { ...task, instance: `${instance}, which is gone` });
    this.#settings.delete(instance);
  }

  /** Removes everything of an instance. */
  purge(instance: string): void {
    for (const task of this.tasks()) if (task.instance === instance) this.#tasks.delete(task.id);
    this.#settings.delete(instance);
  }

  /** The contents of the store. */
  objects(): readonly { readonly name: string; readonly text: string }[] {
    const kept = this.tasks().filter(({ kind, dump }) => kind === "backup" && dump !== undefined);
    return kept.map((each) => this.does.store(each, this));
  }
}

/** Which faults a task meets. */
const FAULTS_OF: Readonly<Record<Task["kind"], readonly string[]>> = {
  backup: ["store-refuse", "store-error", "store-full", "store-cut", "store-missing", "kill-agent", "kill-primary"],
  restore: ["kill-restore"],
};

/** The owner of an instance. */
export const ownerOf = (request: ToyInstance["request"]): string =>
  `${String(request["organization_guid"])}/${String(request["space_guid"])}`;
