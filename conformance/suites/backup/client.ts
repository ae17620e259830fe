import { curlLine } from "../../client/http/curl.ts";
import { bodyOf, type Observation, publicRequest } from "../../client/http/observation.ts";
import { isSuccess } from "../../client/request.ts";
import { NoAnswer } from "../../client/no-answer.ts";
import { retryAfterMs } from "../../client/polling.ts";
import type { Clock } from "../../client/clock.ts";
import type { BackupState } from "../../settings/backup-words.ts";
import type { Values } from "./fill.ts";

import { type AskOptions, BackupRequests } from "./requests.ts";

/** How a backup or a restore ended. `refused`: it was not accepted; `lost`: its state can no longer be read. */
export interface BackupOperation {
  readonly id: string;
  readonly state: BackupState | "refused" | "lost" | "timed-out";
  readonly began: Observation;
  /** The last answer about it. */
  readonly last: Observation;
  /** The run's time just before the request, and when the end was first observed. */
  readonly askedMs: number;
  readonly endedMs: number;
}

type Started = "create" | "restore" | "restoreNew" | "restoreTo";

/** How to wait for an operation. */
interface FollowOptions extends AskOptions {
  /** Default: as long as an operation may take. */
  readonly waitMsMax?: number;
}

/** A vendor's backups, through its interface. */
export class BackupClient extends BackupRequests {
  /** Instances whose backups could not be removed. */
  readonly #stuck = new Set<string>();

  /** The run's time. */
  get clock(): Clock {
    return this.platform.settings.clock;
  }

  /** Takes a backup and waits for its end. Records it first, so that it can be cleaned up. */
  async create(instance: string, options: FollowOptions = {}): Promise<BackupOperation> {
    return this.follow("create", await this.begin(instance, options), options);
  }

  /** Requests a backup, without waiting for it. */
  async begin(instance: string, options: AskOptions = {}): Promise<Begun> {
    const ids = { instance };
    this.#record(ids);
    // A job that names no backup belongs to the newly listed one.
    const before = this.api.task !== undefined && this.api.task.id === undefined ? await this.#listIds(ids) : [];
    const askedMs = this.clock.nowMs();
    return { ids, before, askedMs, began: await this.ask("create", ids, options) };
  }

  /** Restores in place and waits for the end. */
  restore(instance: string, backup: string, options: FollowOptions & Values = {}): Promise<BackupOperation> {
    return this.start("restore", { instance, backup }, options);
  }

  /** Restores with any operation, and waits for the end. */
  async start(name: Started, ids: Values, options: FollowOptions & Values = {}): Promise<BackupOperation> {
    const all = { ...ids, ...(options["key"] !== undefined && { key: options["key"] }) };
    const askedMs = this.clock.nowMs();
    const began = await this.ask(name, all, options);
    return this.follow(name, { ids: all, before: [], askedMs, began }, options);
  }

  /** Continues to wait for a restore. */
  async resumeRestore(instance: string, backup: string, deed: BackupOperation): Promise<BackupOperation> {
    const { id, began, askedMs } = deed;
    const begun = { ids: { instance, backup }, before: [], askedMs, began };
    return this.#poll(id, begun, () => this.ask("getRestore", { ...begun.ids, restore: id }));
  }

  /** Waits for the end of the requested operation. */
  async follow(name: Started, begun: Begun, { waitMsMax }: FollowOptions = {}): Promise<BackupOperation> {
    const { ids, began, askedMs } = begun;
    const request = this.require(name);
    const id = this.idOf(bodyOf(began), request.id) ?? "";
    const end = (state: BackupOperation["state"]): BackupOperation => ({
      id,
      state,
      began,
      last: began,
      askedMs,
      endedMs: this.clock.nowMs(),
    });
    if (!isSuccess(began)) return end("refused");
    if (this.api.task !== undefined) return this.#followTask(name, begun, id, waitMsMax);
    const first = this.stateOf(bodyOf(began), request.state);
    if (first !== undefined && isFinal(first)) return end(first);
    const asked = name === "create" ? "get" : "getRestore";
    // An answer that neither promises completion later nor has an id of its own is final.
    const needsId = this.api[asked]?.path.includes(name === "create" ? "{backup}" : "{restore}") ?? true;
    if (id === "" && needsId) return end(began.status === 202 ? "lost" : "succeeded");
    if (!this.can(asked)) return end("succeeded");
    const own = name === "create" ? { backup: id } : { restore: id };
    return this.#poll(id, begun, () => this.ask(asked, { ...ids, ...own }), waitMsMax);
  }

  async #followTask(name: Started, begun: Begun, task: string, waitMsMax?: number): Promise<BackupOperation> {
    const { ids, began, before } = begun;
    const location = began.headers["location"] ?? "";
    const ended = await this.#poll(task, begun, () => this.ask("task", { ...ids, task, location }), waitMsMax);
    if (name !== "create" || ended.state !== "succeeded") return ended;
    const named = this.api.task?.id === undefined ? undefined : this.idOf(bodyOf(ended.last), this.api.task.id);
    const id = named ?? (await this.#listIds(ids)).find((each) => !before.includes(each));
    return { ...ended, id: id ?? "", state: id === undefined ? "lost" : "succeeded" };
  }

  async #poll(
    id: string,
    { began, askedMs }: Begun,
    ask: () => Promise<Observation>,
    waitMsMax = this.platform.settings.operationMsMax,
  ): Promise<BackupOperation> {
    const { clock, pollMsMin, pollMsMax, signal } = this.platform.settings;
    const endMs = clock.nowMs() + waitMsMax;
    for (let pauseMs = pollMsMin; ; pauseMs = Math.min(pauseMs * 1.5, pollMsMax)) {
      const last = await ask();
      const state = isSuccess(last) ? this.stateOf(bodyOf(last)) : undefined;
      const endedMs = clock.nowMs();
      const shared = { id, began, last, askedMs, endedMs };
      if (state !== undefined && isFinal(state)) return { ...shared, state };
      if (last.status === 404 || last.status === 410) return { ...shared, state: "lost" };
      const waitMs = retryAfterMs(last, endedMs) ?? pauseMs;
      if (endedMs + waitMs > endMs) return { ...shared, state: "timed-out" };
      await clock.sleepMs(waitMs, signal);
    }
  }

  async #listIds(ids: Values): Promise<readonly string[]> {
    return (this.entriesOf(await this.ask("list", ids)) ?? []).flatMap((item) => this.idOf(item) ?? []);
  }

  /** The broker chooses the ids of backups, so what is recorded is "the backups of this instance", whose id is ours. */
  #record(ids: Values & { readonly instance: string }): void {
    const shown = this.api.list ?? this.require("create");
    this.platform.ledger.record({
      kind: "backup",
      id: ids.instance,
      instanceId: ids.instance,
      curl: curlLine(publicRequest(this.requestFor(shown, ids))),
      remove: () => this.#removeAll(ids),
    });
  }

  async #removeAll(ids: Values & { readonly instance: string }): Promise<boolean> {
    const areGone = await this.#untilNoneLeft(ids, async (left) => {
      if (!this.can("delete")) return false;
      for (const backup of left) await this.ask("delete", { ...ids, backup }, CLEANUP).catch(ignoreSilence);
      return true;
    });
    if (!areGone) this.#stuck.add(ids.instance);
    return areGone;
  }

  /** Waits until the deleted backups of an instance are gone; false if they stay. */
  waitUntilDeleted(instance: string): Promise<boolean> {
    return this.#untilNoneLeft({ instance }, async () => true);
  }

  /** `meanwhile` gets the ids of the remaining backups, and returns whether to continue waiting. */
  async #untilNoneLeft(
    ids: Values & { readonly instance: string },
    meanwhile: (left: readonly string[]) => Promise<boolean>,
  ): Promise<boolean> {
    const { clock, cleanupMsMax, pollMsMin, pollMsMax } = this.platform.settings;
    const endMs = clock.nowMs() + cleanupMsMax;
    for (let pauseMs = pollMsMin; clock.nowMs() <= endMs; pauseMs = Math.min(pauseMs * 1.5, pollMsMax)) {
      const left = await this.#listLeft(ids);
      if (left?.length === 0) return true;
      if (left !== undefined && !(await meanwhile(left))) return false;
      await clock.sleepMs(pauseMs);
    }
    return false;
  }

  /** Ids of the backups that an instance still has; undefined if that can't be determined at the moment. */
  async #listLeft(ids: Values & { readonly instance: string }): Promise<readonly string[] | undefined> {
    const answer = await this.ask("list", ids, CLEANUP).catch(ignoreSilence);
    // Once the instance is removed, a missing list does not mean that the backups are gone.
    if (answer?.status === 404 || answer?.status === 410) return this.#stuck.has(ids.instance) ? undefined : [];
    const entries = answer === undefined ? undefined : this.entriesOf(answer);
    return entries?.filter((item) => this.stateOf(item) !== "deleted").flatMap((item) => this.idOf(item) ?? []);
  }
}

/** A request, and when it was sent. */
interface Begun {
  readonly ids: Values;
  /** Ids of the backups that already existed. */
  readonly before: readonly string[];
  readonly askedMs: number;
  readonly began: Observation;
}

const CLEANUP = { intent: "cleanup" } as const;

/** If there is no answer now, there may be one later. A broker that is permanently gone is not waited for. */
function ignoreSilence(error: unknown): undefined {
  if (error instanceof NoAnswer && error.fault !== "refused") return undefined;
  throw error;
}

function isFinal(state: BackupState): boolean {
  return state === "succeeded" || state === "failed" || state === "deleted";
}
