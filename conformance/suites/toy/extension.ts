import type { JsonObject } from "../../client/http/json.ts";
import { jsonOf, reply, type WireRequest, type WireResponse } from "../../osb/memory-broker/http.ts";
import type { ToyInstance } from "./behaviour.ts";
import { ownerOf, type Refusal, type Settings, type Task, type ToyVault } from "./vault.ts";

/** A cloud's answers to requests about backups; undefined if a request is about something else. */
export type BackupDialect = (request: WireRequest, vault: ToyVault) => WireResponse | undefined;

/** An answer that something does not exist, or is not possible. */
export const refuse = (status: number): WireResponse => reply(status, { description: "There is no such thing." });

/** A time as ISO 8601; null for one that has not come. */
export const isoTime = (ms: number): string | null => (ms > 0 ? new Date(ms).toISOString() : null);

/** The outcome of an order in a dialect. */
export const answerOrder = (made: Task | Refusal, show: (task: Task) => unknown, status = 202): WireResponse =>
  "refused" in made ? refuse(made.refused) : reply(status, show(made));

/** A text member of a body. */
export const textOf = (body: JsonObject, name: string): string | undefined => {
  const value = body[name];
  return typeof value === "string" ? value : undefined;
};

/** The backup in a request, if it may be reached through the instance. */
export function ownBackup(
  vault: ToyVault,
  operation: "get" | "restore" | "delete" | "download" | "source",
  instance: ToyInstance,
  id: string,
): Task | undefined {
  const backup = vault.backup(id);
  return backup !== undefined && vault.does.owns(operation, instance, backup, vault) ? backup : undefined;
}

/** Changes the settings that a body names; 400 if a key is too short. */
export function putSettings(vault: ToyVault, instance: ToyInstance, body: JsonObject): Settings | undefined {
  const settings = vault.settingsOf(instance.id);
  const key = textOf(body, "key");
  if (key !== undefined && key.length < vault.does.keyCharsMin) return undefined;
  if (key !== undefined) settings.key = key;
  if (typeof body["keep_min"] === "number") settings.keepMin = body["keep_min"];
  if (typeof body["keep_days"] === "number") settings.keepDays = body["keep_days"];
  settings.cron = textOf(body, "schedule") ?? settings.cron;
  return settings;
}

/** The settings as shown: everything except the key. */
export const showSettings = (vault: ToyVault, settings: Settings): JsonObject => ({
  has_key: settings.key !== undefined,
  keep_min: settings.keepMin,
  keep_days: settings.keepDays,
  schedule: settings.cron,
  ...vault.does.moreSettings(settings, vault),
});

/** Backups below an instance, as in the proposal of an extension of the OSB API. */
class Extension {
  readonly #vault: ToyVault;
  readonly #instance: ToyInstance;
  readonly #request: WireRequest;

  constructor(vault: ToyVault, instance: ToyInstance, request: WireRequest) {
    this.#vault = vault;
    this.#instance = instance;
    this.#request = request;
  }

  #show = (task: Task): JsonObject => {
    const { id, state, triggeredMs, startedMs, finishedMs, of, kind, dump } = this.#vault.does.describe(
      task,
      this.#vault,
    );
    return {
      id,
      state,
      ...(of !== undefined && { backup_id: of }),
      ...(kind === "backup" && { size_bytes: dump === undefined ? 0 : 1000 }),
      triggered_at: isoTime(triggeredMs),
      started_at: isoTime(startedMs),
      finished_at: isoTime(finishedMs),
    };
  };

  #orderName(): string | undefined {
    const { headers } = this.#request;
    return headers["idempotency-key"] ?? headers["x-broker-api-request-identity"];
  }

  #backups(): WireResponse {
    if (this.#request.method === "POST")
      return answerOrder(this.#vault.order(this.#instance, this.#orderName()), this.#show);
    const mine = this.#vault
      .tasks()
      .filter((each) => each.kind === "backup" && this.#vault.does.owns("list", this.#instance, each, this.#vault));
    return reply(200, { backups: mine.map(this.#show) });
  }

  #backup(id: string, leaf: string | undefined): WireResponse {
    const { method } = this.#request;
    const operation =
      leaf === "restores" ? "restore" : leaf === "download" ? "download" : method === "DELETE" ? "delete" : "get";
    const backup = ownBackup(this.#vault, operation, this.#instance, id);
    if (backup === undefined) return refuse(this.#vault.does.unknownStatus(operation));
    const key = textOf(jsonOf(this.#request), "key");
    if (operation === "restore")
      return answerOrder(this.#vault.restore(this.#instance, backup, key, this.#orderName()), this.#show);
    if (operation === "download") return this.#download(backup);
    if (operation === "get") return reply(200, this.#show(backup));
    const refusal = this.#vault.remove(backup);
    return refusal === undefined ? reply(200, {}) : refuse(refusal.refused);
  }

  #download(backup: Task): WireResponse {
    if (!this.#vault.does.mayDownload(backup)) return refuse(403);
    const { text } = this.#vault.does.store(backup, this.#vault);
    return { status: 200, headers: { "content-type": "application/octet-stream" }, text };
  }

  #restores(id: string | undefined): WireResponse {
    if (id !== undefined) {
      const found = this.#vault.restoreOf(id, this.#instance.id);
      return found === undefined ? refuse(404) : reply(200, this.#show(found));
    }
    const body = jsonOf(this.#request);
    const [to, source, chosen] = [
      textOf(body, "restore_to"),
      textOf(body, "source_instance_id"),
      textOf(body, "backup_id"),
    ];
    if (to === undefined) {
      const backup = this.#ofOwner(chosen ?? "");
      return answerOrder(this.#vault.restore(this.#instance, backup, textOf(body, "key")), this.#show);
    }
    const from = source === undefined ? this.#instance : this.#vault.cloud.instances.get(source);
    if (from === undefined || ownerOf(from.request) !== ownerOf(this.#instance.request)) return refuse(404);
    return answerOrder(this.#vault.restoreTo(this.#instance, from, Date.parse(to)), this.#show);
  }

  #ofOwner(id: string): Task | undefined {
    const backup = this.#vault.backup(id);
    return backup !== undefined && this.#vault.does.isSourceFor(this.#instance, backup) ? backup : undefined;
  }

  #pitr(): WireResponse {
    const [startMs = 0, endMs = 0] = this.#vault.windowOf(this.#instance) ?? [];
    return reply(200, { start_time: isoTime(startMs), end_time: isoTime(endMs) });
  }

  #settings(): WireResponse {
    const body = this.#request.method === "PUT" ? jsonOf(this.#request) : {};
    const settings = putSettings(this.#vault, this.#instance, body);
    return settings === undefined ? refuse(400) : reply(200, showSettings(this.#vault, settings));
  }

  #sources(): WireResponse {
    const owner = ownerOf(this.#instance.request);
    const all = this.#vault
      .tasks()
      .filter((each) => each.kind === "backup" && each.owner === owner && each.state !== "deleted");
    return reply(200, { sources: all.map((each) => ({ ...this.#show(each), instance_id: each.instance })) });
  }

  answer([kind, id, leaf]: readonly string[]): WireResponse {
    if (kind === "backups") return id === undefined ? this.#backups() : this.#backup(id, leaf);
    if (kind === "restores") return this.#restores(id);
    if (kind === "pitr") return this.#pitr();
    if (kind === "settings") return this.#settings();
    return kind === "sources" ? this.#sources() : refuse(404);
  }
}

/** Backups as an extension of the OSB API. */
export const extensionDialect: BackupDialect = (request, vault) => {
  const [root, what, id = "", extensions, name, ...rest] = request.path;
  if (root !== "v2" || what !== "service_instances" || extensions !== "extensions" || name !== "backup")
    return undefined;
  const instance = vault.cloud.instances.get(id);
  return instance === undefined ? refuse(404) : new Extension(vault, instance, request).answer(rest);
};
