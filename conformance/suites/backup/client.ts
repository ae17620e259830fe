import { curlLine } from "../../client/http/curl.ts";
import { isArray, isObject, type Json, type JsonObject } from "../../client/http/json.ts";
import { bodyOf, type Observation, publicRequest } from "../../client/http/observation.ts";
import type { RawRequest } from "../../client/http/transport.ts";
import { type OsbClient } from "../../client/osb-client.ts";
import { isSuccess, type RequestOptions } from "../../client/request.ts";
import { NoAnswer } from "../../client/no-answer.ts";
import { retryAfterMs } from "../../client/polling.ts";
import type { Clock } from "../../client/clock.ts";
import type { BackupInterface, BackupRequest } from "./interface.ts";
import type { BackupState } from "../../settings/backup-section.ts";

/** The ids that a request is about. */
interface Ids {
  readonly instance: string;
  readonly backup?: string;
  readonly restore?: string;
}

/** How a backup or a restore ended. `refused`: it was not accepted; `lost`: it can no longer be asked about. */
export interface BackupOperation {
  readonly id: string;
  readonly state: BackupState | "refused" | "lost" | "timed-out";
  readonly began: Observation;
  /** The last answer about it. */
  readonly last: Observation;
}

const fillIds = (text: string, ids: Ids, encode: (id: string) => string): string =>
  text.replaceAll(/\{(instance|backup|restore)\}/g, (_, name: keyof Ids) => encode(ids[name] ?? ""));

function fillValue(value: Json, ids: Ids): Json {
  if (typeof value === "string") return fillIds(value, ids, (id) => id);
  if (isArray(value)) return value.map((item) => fillValue(item, ids));
  return isObject(value) ? fillBody(value, ids) : value;
}

function fillBody(body: JsonObject, ids: Ids): JsonObject {
  return Object.fromEntries(Object.entries(body).map(([name, item]) => [name, fillValue(item, ids)]));
}

/** A vendor's backups, reached as its interface says. */
export class BackupClient {
  readonly api: BackupInterface;
  readonly #platform: OsbClient;
  /** Instances whose backups could not be removed. */
  readonly #stuck = new Set<string>();

  constructor(platform: OsbClient, api: BackupInterface) {
    this.#platform = platform;
    this.api = api;
  }

  /** The run's time. */
  get clock(): Clock {
    return this.#platform.settings.clock;
  }

  /** The request as it goes out. */
  requestFor(call: BackupRequest, ids: Ids): RawRequest {
    const { url: brokerUrl } = this.#platform.settings.target;
    const base = this.api.url ?? brokerUrl;
    const body = call.body === undefined ? undefined : JSON.stringify(fillBody(call.body, ids));
    const usual =
      new URL(base).origin === new URL(brokerUrl).origin ? this.#platform.requestFor("catalog", {}).headers : {};
    return {
      method: call.method,
      url: `${base}${fillIds(call.path, ids, encodeURIComponent)}`,
      headers: {
        Accept: "application/json",
        ...usual,
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...this.api.headers,
      },
      ...(body === undefined ? {} : { body }),
    };
  }

  /** @throws NoAnswer */
  send(call: BackupRequest, ids: Ids, options: Pick<RequestOptions, "intent"> = {}): Promise<Observation> {
    return this.#platform.exchange(this.requestFor(call, ids), options);
  }

  /** The entries of a list, which is an array or the first one in an object; undefined when the answer is no list. */
  entriesOf(answer: Observation): readonly JsonObject[] | undefined {
    if (!isSuccess(answer)) return undefined;
    const list = isArray(answer.json) ? answer.json : Object.values(bodyOf(answer)).find(isArray);
    return list?.filter(isObject);
  }

  idOf(item: JsonObject): string | undefined {
    const value = this.api.id.map((name) => item[name]).find((each) => each !== undefined && each !== null);
    return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
  }

  /** A canonical state, or undefined for a word that the interface does not know. */
  stateOf(item: JsonObject): BackupState | undefined {
    const word = this.api.state.map((name) => item[name]).find((each) => typeof each === "string");
    return typeof word === "string" ? this.api.states[word.toLowerCase()] : undefined;
  }

  /** Takes a backup and waits for its end. What may be created is recorded first. */
  async create(instanceId: string): Promise<BackupOperation> {
    const ids = { instance: instanceId };
    this.#record(ids);
    const began = await this.send(this.api.create, ids);
    return this.#follow(began, (id) => this.send(this.api.get, { ...ids, backup: id }));
  }

  /** Restores in place and waits for the end, at most this long; default: as long as an operation may take. */
  async restore(instanceId: string, backupId: string, waitMsMax?: number): Promise<BackupOperation> {
    const ids = { instance: instanceId, backup: backupId };
    const began = await this.send(this.api.restore, ids);
    return this.#follow(began, (id) => this.send(this.api.getRestore, { ...ids, restore: id }), waitMsMax);
  }

  /** Goes on waiting for a restore. */
  async resumeRestore(instanceId: string, backupId: string, { id, began }: BackupOperation): Promise<BackupOperation> {
    const ids = { instance: instanceId, backup: backupId, restore: id };
    return this.#poll(id, began, () => this.send(this.api.getRestore, ids));
  }

  async #follow(
    began: Observation,
    ask: (id: string) => Promise<Observation>,
    waitMsMax?: number,
  ): Promise<BackupOperation> {
    const id = this.idOf(bodyOf(began)) ?? "";
    if (!isSuccess(began)) return { id, state: "refused", began, last: began };
    const first = this.stateOf(bodyOf(began));
    if (first !== undefined && isFinal(first)) return { id, state: first, began, last: began };
    // An answer that neither promises completion later nor has an id of its own is final.
    if (id === "") return { id, state: began.status === 202 ? "lost" : "succeeded", began, last: began };
    return this.#poll(id, began, ask, waitMsMax);
  }

  async #poll(
    id: string,
    began: Observation,
    ask: (id: string) => Promise<Observation>,
    waitMsMax = this.#platform.settings.operationMsMax,
  ): Promise<BackupOperation> {
    const { clock, pollMsMin, pollMsMax, signal } = this.#platform.settings;
    const endMs = clock.nowMs() + waitMsMax;
    for (let pauseMs = pollMsMin; ; pauseMs = Math.min(pauseMs * 1.5, pollMsMax)) {
      const last = await ask(id);
      const state = isSuccess(last) ? this.stateOf(bodyOf(last)) : undefined;
      if (state !== undefined && isFinal(state)) return { id, state, began, last };
      if (last.status >= 400 && last.status < 500) return { id, state: "lost", began, last };
      const waitMs = retryAfterMs(last, clock.nowMs()) ?? pauseMs;
      if (clock.nowMs() + waitMs > endMs) return { id, state: "timed-out", began, last };
      await clock.sleepMs(waitMs, signal);
    }
  }

  /** The broker chooses the ids of backups, so what is recorded is "the backups of this instance", whose id is ours. */
  #record(ids: Ids): void {
    this.#platform.ledger.record({
      kind: "backup",
      id: ids.instance,
      instanceId: ids.instance,
      curl: curlLine(publicRequest(this.requestFor(this.api.list, ids))),
      remove: () => this.#removeAll(ids),
    });
  }

  async #removeAll(ids: Ids): Promise<boolean> {
    const areGone = await this.#untilNoneLeft(ids, async (left) => {
      if (this.api.delete === undefined) return false;
      for (const backup of left) await this.#delete({ ...ids, backup });
      return true;
    });
    if (!areGone) this.#stuck.add(ids.instance);
    return areGone;
  }

  /** Waits until the deleted backups of an instance are gone; false when they stay. */
  waitUntilDeleted(instance: string): Promise<boolean> {
    return this.#untilNoneLeft({ instance }, async () => true);
  }

  /** `meanwhile` gets the ids of what is left, and answers whether to wait on. */
  async #untilNoneLeft(ids: Ids, meanwhile: (left: readonly string[]) => Promise<boolean>): Promise<boolean> {
    const { clock, cleanupMsMax, pollMsMin, pollMsMax } = this.#platform.settings;
    const endMs = clock.nowMs() + cleanupMsMax;
    for (let pauseMs = pollMsMin; clock.nowMs() <= endMs; pauseMs = Math.min(pauseMs * 1.5, pollMsMax)) {
      const left = await this.#listLeft(ids);
      if (left?.length === 0) return true;
      if (left !== undefined && !(await meanwhile(left))) return false;
      await clock.sleepMs(pauseMs);
    }
    return false;
  }

  /** Ids of the backups that an instance still has; undefined when that can't be determined at the moment. */
  async #listLeft(ids: Ids): Promise<readonly string[] | undefined> {
    const answer = await this.send(this.api.list, ids, { intent: "cleanup" }).catch(ignoreSilence);
    // Once its instance is removed, a list that is missing no longer says that the backups are.
    if (answer?.status === 404 || answer?.status === 410) return this.#stuck.has(ids.instance) ? undefined : [];
    const entries = answer === undefined ? undefined : this.entriesOf(answer);
    return entries?.filter((item) => this.stateOf(item) !== "deleted").flatMap((item) => this.idOf(item) ?? []);
  }

  async #delete(ids: Ids): Promise<void> {
    if (this.api.delete !== undefined)
      await this.send(this.api.delete, ids, { intent: "cleanup" }).catch(ignoreSilence);
  }
}

/** Where there is no answer now, there may be one later; a broker that is gone for good is not waited for. */
function ignoreSilence(error: unknown): undefined {
  if (error instanceof NoAnswer && error.fault !== "refused") return undefined;
  throw error;
}

function isFinal(state: BackupState): boolean {
  return state === "succeeded" || state === "failed" || state === "deleted";
}
