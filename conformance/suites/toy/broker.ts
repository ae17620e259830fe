import type { Json, JsonObject } from "../../client/http/json.ts";
import { TOY_PORT, type ToyBinding, type ToyCloud, type ToyInstance } from "./cloud.ts";
import type { Store } from "./engine.ts";
import { type Handler, reply, type WireRequest, type WireResponse } from "../../osb/memory-broker/http.ts";

/** How a toy broker differs from the usual one. */
export interface ToyBrokerOptions {
  /** How its backups are reached. Default `extension`. */
  readonly backups?: "extension" | "a9s" | "none";
  /** Scheme of the uri in credentials. Default `postgres`. */
  readonly scheme?: string;
}

const SERVICE = "1d0e3a52-0000-4000-8000-000000000001";
const PLAN = "1d0e3a52-0000-4000-8000-000000000002";
const EXTENSION = { id: "urn:toy:backup", path: "/backup", description: "Backups and restores." };

const catalogOf = (options: ToyBrokerOptions): JsonObject => ({
  services: [
    {
      id: SERVICE,
      name: "toy-db",
      description: "A database that forgets",
      bindable: true,
      bindings_retrievable: true,
      tags: [options.scheme ?? "postgresql"],
      metadata: { extensions: options.backups === undefined || options.backups === "extension" ? [EXTENSION] : [] },
      plans: [{ id: PLAN, name: "small", description: "The only one" }],
    },
  ],
});

const missing = (status: 404 | 410): WireResponse => reply(status, { description: "There is no such thing." });

/** A backup or a restore: it is in progress until it has been asked about once. */
interface Task {
  readonly id: string;
  readonly instance: string;
  readonly more: JsonObject;
  readonly finish: () => void;
  isDone: boolean;
  isDeleted: boolean;
}

/** Backups in one of two dialects: ids that are texts and states, or ids that are numbers and statuses. */
class ToyBackups {
  readonly #cloud: ToyCloud;
  readonly #isA9s: boolean;
  readonly #dumps = new Map<string, Store>();
  readonly #backups = new Map<string, Task>();
  readonly #restores = new Map<string, Task>();
  #serial = 0;

  constructor(cloud: ToyCloud, isA9s: boolean) {
    this.#cloud = cloud;
    this.#isA9s = isA9s;
  }

  #task(tasks: Map<string, Task>, instance: string, more: JsonObject, finish: () => void): Task {
    const id = `${this.#isA9s ? "" : "b-"}${++this.#serial}`;
    const task = { id, instance, more, finish, isDone: false, isDeleted: false };
    tasks.set(id, task);
    return task;
  }

  #show({ id, more, isDone }: Task): JsonObject {
    if (this.#isA9s) return { id: Number(id), status: isDone ? "done" : "running", ...more };
    return { id, state: isDone ? "succeeded" : "queued", ...more };
  }

  /** What an answer tells is how it stood; by the next one it is done. */
  #ask(task: Task | undefined): WireResponse {
    if (task === undefined) return missing(404);
    const shown = this.#show(task);
    if (!task.isDone) task.finish();
    task.isDone = true;
    return reply(200, shown);
  }

  #own(operation: "get" | "restore" | "delete", instance: ToyInstance, id: string): Task | undefined {
    const backup = this.#backups.get(id);
    return backup !== undefined && this.#cloud.does.owns(operation, instance, backup) ? backup : undefined;
  }

  #ownRestore(instance: ToyInstance, id: string): Task | undefined {
    const restore = this.#restores.get(id);
    return restore?.instance === instance.id ? restore : undefined;
  }

  #create(instance: ToyInstance): WireResponse {
    const task = this.#task(this.#backups, instance.id, {}, () => {});
    this.#dumps.set(task.id, this.#cloud.does.dump(instance, this.#cloud));
    return reply(this.#isA9s ? 201 : 202, this.#isA9s ? { id: Number(task.id), message: "queued" } : this.#show(task));
  }

  #restore(instance: ToyInstance, id: string): WireResponse {
    const [backup, dump] = [this.#own("restore", instance, id), this.#dumps.get(id)];
    if (backup === undefined || dump === undefined) return missing(404);
    const finish = (): void => this.#cloud.does.restore(instance, dump, this.#cloud);
    return reply(202, this.#show(this.#task(this.#restores, instance.id, { backup_id: id }, finish)));
  }

  #list(instance: ToyInstance): WireResponse {
    const list = [...this.#backups.values()].filter((backup) => this.#cloud.does.owns("list", instance, backup));
    const shown = list.map((each) => this.#show(each));
    return reply(200, this.#isA9s ? shown : { backups: shown });
  }

  #remove(instance: ToyInstance, id: string): WireResponse {
    const backup = this.#own("delete", instance, id);
    if (backup === undefined) return missing(404);
    backup.isDeleted = true;
    return reply(200, {});
  }

  /** `rest`: what follows the instance in the path. */
  handle({ method }: WireRequest, instance: ToyInstance, rest: readonly string[]): WireResponse {
    const [kind, id, leaf] = rest;
    if (kind === "restores" && id !== undefined) return this.#ask(this.#ownRestore(instance, id));
    if (kind !== "backups") return missing(404);
    if (id === undefined) return method === "POST" ? this.#create(instance) : this.#list(instance);
    if (leaf === (this.#isA9s ? "restore" : "restores") && method === "POST") return this.#restore(instance, id);
    return method === "DELETE" ? this.#remove(instance, id) : this.#ask(this.#own("get", instance, id));
  }
}

/** A synchronous broker of databases in memory. */
class ToyBroker {
  readonly #cloud: ToyCloud;
  readonly #options: ToyBrokerOptions;
  readonly #backups: ToyBackups;
  readonly #dialect: NonNullable<ToyBrokerOptions["backups"]>;

  constructor(cloud: ToyCloud, options: ToyBrokerOptions) {
    this.#cloud = cloud;
    this.#options = options;
    this.#dialect = options.backups ?? "extension";
    this.#backups = new ToyBackups(cloud, this.#dialect === "a9s");
  }

  #credentialsOf({ host, database }: ToyInstance, { username, password }: ToyBinding): Json {
    const uri = `${this.#options.scheme ?? "postgres"}://${username}:${password}@${host}:${TOY_PORT}/${database}`;
    return { host, port: TOY_PORT, name: database, username, password, uri };
  }

  #instance({ method }: WireRequest, id: string): WireResponse {
    const isThere = this.#cloud.instances.has(id);
    if (method === "PUT") {
      if (!isThere) this.#cloud.provision(id);
      return reply(isThere ? 200 : 201, {});
    }
    if (method !== "DELETE") return missing(404);
    return this.#cloud.instances.delete(id) ? reply(200, {}) : missing(410);
  }

  #bind(owner: ToyInstance, id: string): WireResponse {
    const known = this.#cloud.does.find("bind", owner, id, this.#cloud);
    const made = known ?? this.#cloud.bind(owner, id);
    return reply(known === undefined ? 201 : 200, { credentials: this.#credentialsOf(owner, made) });
  }

  #binding({ method }: WireRequest, owner: ToyInstance, id: string, isPoll: boolean): WireResponse {
    if (method === "PUT") return this.#bind(owner, id);
    const operation = method === "DELETE" ? "unbind" : isPoll ? "poll" : "fetch";
    const found = this.#cloud.does.find(operation, owner, id, this.#cloud);
    if (found === undefined) return missing(operation === "unbind" ? 410 : 404);
    if (operation === "poll") return reply(200, { state: "succeeded" });
    if (operation === "fetch") return reply(200, { credentials: this.#credentialsOf(owner, found) });
    const holder = [...this.#cloud.instances.values()].find(({ bindings }) => bindings.get(id) === found) ?? owner;
    this.#cloud.does.onUnbind(holder, found, this.#cloud);
    return reply(200, {});
  }

  #ofInstance(request: WireRequest, [id = "", sub, subId = "", ...rest]: readonly string[]): WireResponse {
    if (sub === undefined) return this.#instance(request, id);
    const owner = this.#cloud.instances.get(id);
    if (owner === undefined) return missing(request.method === "DELETE" ? 410 : 404);
    if (sub === "service_bindings") return this.#binding(request, owner, subId, rest[0] === "last_operation");
    const isBackup = sub === "extensions" && subId === "backup" && this.#dialect === "extension";
    return isBackup ? this.#backups.handle(request, owner, rest) : missing(404);
  }

  handle(request: WireRequest): WireResponse {
    const [root, what, ...path] = request.path;
    if (this.#dialect === "a9s" && root === "instances") {
      const owner = this.#cloud.instances.get(what ?? "");
      return owner === undefined ? missing(404) : this.#backups.handle(request, owner, path);
    }
    if (root !== "v2") return missing(404);
    return what === "catalog" ? reply(200, catalogOf(this.#options)) : this.#ofInstance(request, path);
  }
}

/** A broker of databases in memory, with backups: the clean half of the proof that the checks of data can tell right from wrong. */
export function createToyBroker(cloud: ToyCloud, options: ToyBrokerOptions = {}): Handler {
  const broker = new ToyBroker(cloud, options);
  return async (request) => broker.handle(request);
}
