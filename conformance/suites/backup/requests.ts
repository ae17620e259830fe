import { isArray, isObject, type Json, type JsonObject } from "../../client/http/json.ts";
import { bodyOf, type Observation, observe } from "../../client/http/observation.ts";
import type { RawRequest } from "../../client/http/transport.ts";
import type { OsbClient } from "../../client/osb-client.ts";
import { isSuccess, type RequestOptions } from "../../client/request.ts";
import { notApplicable, unknown, Verdicted } from "../../runner/check.ts";
import type { BackupState } from "../../settings/backup-words.ts";
import { fillBody, fillPath, type Values } from "./fill.ts";
import type { BackupInterface, BackupOperationName, BackupRequest } from "./interface.ts";
import { execute, executeScripts } from "./programs.ts";

const isProgram = ({ method }: BackupRequest): boolean => method === "EXEC" || method === "BBR";

/** The first of some members that is present, as a text. */
function memberOf(item: JsonObject, names: readonly string[]): string | undefined {
  const value = names.map((name) => item[name]).find((each) => each !== undefined && each !== null && each !== "");
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}

/** The requests of an interface for backups, and the reading of their answers. */
export class BackupRequests {
  readonly api: BackupInterface;
  readonly platform: OsbClient;
  /** The results of lookups, by instance. */
  readonly #found = new Map<string, Values>();

  constructor(platform: OsbClient, api: BackupInterface) {
    this.platform = platform;
    this.api = api;
  }

  can(operation: BackupOperationName): boolean {
    return this.api[operation] !== undefined;
  }

  /** The request of an operation; ends the check as not applicable if the interface has none. */
  require(operation: BackupOperationName): BackupRequest {
    const request = this.api[operation];
    if (request !== undefined) return request;
    throw new Verdicted(
      notApplicable(`the interface "${this.api.name}" has no "${operation}" (backup in drydock.yml)`),
    );
  }

  /** A request as sent. */
  requestFor(call: BackupRequest, ids: Values): RawRequest {
    const { url: brokerUrl } = this.platform.settings.target;
    const base = this.api.url ?? brokerUrl;
    const values = { ...this.api.values, ...ids };
    const body = call.body === undefined ? undefined : JSON.stringify(fillBody(call.body, values));
    const usual =
      new URL(base).origin === new URL(brokerUrl).origin ? this.platform.requestFor("catalog", {}).headers : {};
    const path = fillPath(call.path, values);
    if (isProgram(call)) {
      const program = (this.api.program ?? []).join(" ");
      return { method: call.method, url: `exec:${program} ${path.slice(1)}`, headers: {}, body: JSON.stringify(ids) };
    }
    return {
      method: call.method,
      url: URL.canParse(path) ? path : `${base}${path}`,
      headers: {
        Accept: "application/json",
        ...usual,
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...this.api.headers,
      },
      ...(body === undefined ? {} : { body }),
    };
  }

  /** Requests an operation. @throws NoAnswer, Verdicted if the interface has none */
  async ask(operation: BackupOperationName, ids: Values, options: AskOptions = {}): Promise<Observation> {
    return this.send(this.require(operation), { ...(await this.#lookUp(ids)), ...ids }, options);
  }

  /** @throws NoAnswer */
  async send(call: BackupRequest, ids: Values, { headers, ...options }: AskOptions = {}): Promise<Observation> {
    const request = this.requestFor(call, ids);
    if (isProgram(call)) return this.#run(call, ids, request);
    return this.platform.exchange({ ...request, headers: { ...request.headers, ...headers } }, options);
  }

  async #run(call: BackupRequest, ids: Values, request: RawRequest): Promise<Observation> {
    const { clock, newId } = this.platform.settings;
    const { program } = this.api;
    if (program === undefined)
      throw new Verdicted(unknown(`the driver "${this.api.name}" needs a program (backup.exec in drydock.yml)`));
    const [operation, startMs] = [call.path.slice(1), clock.nowMs()];
    const response =
      call.method === "EXEC"
        ? await execute(program, operation, { ...this.api.values, ...ids })
        : await executeScripts(program, operation, ids, newId);
    return observe(request, response, clock.nowMs() - startMs);
  }

  /** Ids that only a list reveals. */
  async #lookUp({ instance }: Values): Promise<Values> {
    const key = String(instance ?? "");
    const known = this.#found.get(key);
    if (known !== undefined || this.api.lookups === undefined) return known ?? {};
    let found: Values = { instance };
    for (const { name, list, id } of this.api.lookups) {
      const answer = await this.send(list, found);
      const entries = this.entriesOf(answer) ?? [];
      const entry = entries.find((each) => JSON.stringify(each).includes(key)) ?? entries[0];
      const value = entry === undefined ? undefined : memberOf(entry, id);
      if (value === undefined) throw new Verdicted(unknown(`no ${name} of instance ${key} is listed`, answer));
      found = { ...found, [name]: value };
    }
    this.#found.set(key, found);
    return found;
  }

  /** The entries of a list, which is an array or the first one in an object; undefined if the answer is not a list. */
  entriesOf(answer: Observation): readonly JsonObject[] | undefined {
    if (!isSuccess(answer)) return undefined;
    const list: Json | undefined = isArray(answer.json) ? answer.json : Object.values(bodyOf(answer)).find(isArray);
    return list?.filter(isObject);
  }

  /** The id that an answer carries, or an entry of a list. */
  idOf(item: JsonObject, names: readonly string[] = this.api.id): string | undefined {
    return memberOf(item, names);
  }

  /** A canonical state, or undefined for a word that the interface does not know. */
  stateOf(item: JsonObject, names: readonly string[] = this.api.state): BackupState | undefined {
    const word = memberOf(item, names);
    return word === undefined ? undefined : this.api.states[word.toLowerCase()];
  }
}

/** How a request is sent, and its further headers. */
export interface AskOptions extends Pick<RequestOptions, "intent" | "abandon"> {
  readonly headers?: Readonly<Record<string, string>>;
}
