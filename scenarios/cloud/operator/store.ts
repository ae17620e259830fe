import Type from "typebox";
import type { World } from "../../../simulators/world.ts";
import { parseAs } from "../../clients/answers.ts";
import type { OpenStackClient } from "../../clients/openstack.ts";
import { operatorOfOpenStack } from "./place.ts";

const Objects = Type.Array(Type.Object({ name: Type.String(), last_modified: Type.String() }));

/** The container that the reference broker keeps backups in: INSTANCE/BACKUP/PART. */
const CONTAINER = "/backups";

/** The objects of backups in Swift, as a holder of the platform's credentials has them. */
export class BackupObjects {
  readonly #world: World;
  #client: Promise<OpenStackClient> | undefined;

  constructor(world: World) {
    this.#world = world;
  }

  async #send(method: string, path: string, body?: Uint8Array): Promise<Response> {
    this.#client ??= operatorOfOpenStack(this.#world);
    return (await this.#client).send("object-store", method, `${CONTAINER}${path}`, body);
  }

  async #ask(method: string, path: string, body?: Uint8Array): Promise<Uint8Array> {
    let response = await this.#send(method, path, body);
    // A token lasts for hours only.
    if (response.status === 401) {
      this.#client = undefined;
      response = await this.#send(method, path, body);
    }
    if (!response.ok) throw new Error(`${method} ${path} of the store is answered ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  }

  /**
   * The list of the container as seen from an address without any credentials, line by line; empty if it is
   * refused.
   */
  async listAnonymously(source: string): Promise<readonly string[]> {
    this.#client ??= operatorOfOpenStack(this.#world);
    const url = `${(await this.#client).endpointOf("object-store")}${CONTAINER}`;
    const response = await this.#world.environmentAt(source).fetch(url);
    const text = await response.text();
    return response.ok ? text.split("\n").filter((line) => line !== "") : [];
  }

  get = (name: string): Promise<Uint8Array> => this.#ask("GET", `/${name}`);
  put = (name: string, body: Uint8Array): Promise<Uint8Array> => this.#ask("PUT", `/${name}`, body);
  remove = (name: string): Promise<Uint8Array> => this.#ask("DELETE", `/${name}`);

  /** Names of objects with this prefix, oldest first. */
  async list(prefix: string): Promise<readonly string[]> {
    const bytes = await this.#ask("GET", `?format=json&prefix=${encodeURIComponent(prefix)}`);
    return parseAs(Objects, JSON.parse(Buffer.from(bytes).toString("utf8")), "GET /v1/{account}/{container}")
      .toSorted((a, b) => a.last_modified.localeCompare(b.last_modified) || a.name.localeCompare(b.name))
      .map(({ name }) => name);
  }
}
