import { createHash, hash } from "node:crypto";
import Type, { type Static } from "typebox";
import { BackendError, FinalError } from "../errors.ts";
import type { Host } from "../host.ts";
import { type BackendAnswer, type Bytes, expectStatus, retryWhileDown, textOf } from "../http/client.ts";
import { isOfSwift } from "../http/refusals.ts";
import { parserOf } from "../json.ts";
import type { OpenStackProject } from "../openstack/project.ts";

const BackupPart = Type.Object({
  /** The object's name in the container: `<instance>/<backup>/<number>`. */
  name: Type.String(),
  bytes: Type.Integer(),
  /** Hexadecimal. */
  sha256: Type.String(),
});

/** One object of a backup, as the store of the broker keeps it. */
export type BackupPart = Static<typeof BackupPart>;

/** The parts of a backup, read from its row. */
export const parseParts = parserOf("a list of parts", Type.Array(BackupPart));

const CONTAINER = "backups";

/** Swift lists at most 10,000 names at a time; all of them are deleted before asking for more. */
const LISTINGS_MAX = 1000;

/**
 * An object that Swift does not have counts as deleted; a 404 from something in front of Swift proves
 * nothing.
 * @throws FinalError
 */
const expectOrGone = (answer: BackendAnswer, what: string, ...statuses: readonly number[]): BackendAnswer =>
  expectStatus(answer, what, ...statuses, ...(isOfSwift(answer) ? [404] : []));

const sha256Of = (bytes: Uint8Array): string => hash("sha256", bytes, "hex");
/** Swift's own checksum of an object, its ETag. */
const md5Of = (bytes: Uint8Array): string => createHash("md5").update(bytes).digest("hex");

/** The objects in the container of all backups. Every method throws BackendError while Swift is away. */
export class Container {
  readonly #project: OpenStackProject;
  readonly #host: Host;

  constructor(project: OpenStackProject, host: Host) {
    this.#project = project;
    this.#host = host;
  }

  #call(
    method: string,
    name: string,
    options: {
      readonly body?: Bytes;
      readonly headers?: Readonly<Record<string, string>>;
      readonly isOnce?: boolean;
    } = {},
  ): Promise<BackendAnswer> {
    return this.#project.call("object-store", method, `/${CONTAINER}${name}`, options);
  }

  async create(): Promise<void> {
    expectStatus(await this.#call("PUT", ""), "container", 201, 202);
  }

  /**
   * Stores a part; Swift refuses it if what arrived is not what was sent. After a lost answer it looks first, so that no part is sent twice.
   *
   * @throws FinalError
   */
  async putPart(name: string, bytes: Bytes): Promise<BackupPart> {
    const part = { name, bytes: bytes.length, sha256: sha256Of(bytes) };
    const etag = md5Of(bytes);
    let isRetried = false;
    await retryWhileDown(this.#host, async () => {
      if (isRetried && (await this.#has(name, etag))) return;
      isRetried = true;
      const answer = await this.#call("PUT", `/${name}`, { body: bytes, headers: { etag }, isOnce: true });
      if (answer.status === 422) throw new BackendError(`part ${name} arrived damaged`);
      expectStatus(answer, "object", 201);
    });
    return part;
  }

  async #has(name: string, etag: string): Promise<boolean> {
    const { status, headers } = await this.#call("HEAD", `/${name}`, { isOnce: true });
    return status === 200 && headers.get("etag")?.replaceAll('"', "") === etag;
  }

  /** @throws FinalError if the part is missing or differs from what was stored */
  async getPart({ name, bytes, sha256 }: BackupPart): Promise<Bytes> {
    const answer = await this.#call("GET", `/${name}`);
    if (answer.status !== 200)
      throw new FinalError(`the backup is not complete: part ${name} answered ${answer.status}`);
    if (answer.bytes.length !== bytes || sha256Of(answer.bytes) !== sha256)
      throw new FinalError(`the backup is not complete: part ${name} differs from its checksum`);
    return answer.bytes;
  }

  /** The bytes of these parts in their order, one part at a time. @throws FinalError */
  async *read(parts: readonly BackupPart[]): AsyncGenerator<Bytes> {
    for (const part of parts) yield await this.getPart(part);
  }

  /** Deletes all objects whose names have this prefix. */
  async clear(prefix: string): Promise<void> {
    for (let listing = 0; listing < LISTINGS_MAX; listing++) {
      const names = await this.#list(prefix);
      if (names.length === 0) return;
      for (const name of names) expectOrGone(await this.#call("DELETE", `/${name}`), "object", 204);
    }
  }

  async #list(prefix: string): Promise<readonly string[]> {
    const answer = expectOrGone(await this.#call("GET", `?prefix=${encodeURIComponent(prefix)}`), "listing", 200, 204);
    return answer.status === 200 ? textOf(answer).split("\n").filter(Boolean) : [];
  }
}
