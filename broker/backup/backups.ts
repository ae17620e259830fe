import { hash } from "node:crypto";
import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import Type, { type Static } from "typebox";
import { FinalError } from "../errors.ts";
import type { Host } from "../host.ts";
import { type BackendAnswer, type Bytes, expectStatus, textOf } from "../http/client.ts";
import { isOfSwift } from "../http/refusals.ts";
import { parserOf } from "../json.ts";
import type { OpenStackProject } from "../openstack/project.ts";
import { createSeal, type Seal } from "../store/seal.ts";

const BackupPart = Type.Object({
  /** Of the object in the container: `<instance>/<backup>/<number>`. */
  name: Type.String(),
  bytes: Type.Integer(),
  /** Hexadecimal. */
  sha256: Type.String(),
});

/** One object of a backup, as the store of the broker keeps it. */
export type BackupPart = Static<typeof BackupPart>;

/** The parts of a backup, read from its row. */
export const parseParts = parserOf("a list of parts", Type.Array(BackupPart));

/** The backup manager: dumps in Swift, compressed, sealed under their instance's key, split into parts with checksums. */
export interface BackupStore {
  /** Stores a dump, replacing whatever an earlier attempt left. @throws BackendError, FinalError */
  put(instanceId: string, backupId: string, dump: Uint8Array): Promise<readonly BackupPart[]>;
  /** The dump, once every part is verified. @throws BackendError, and FinalError when a part is changed, truncated or missing */
  get(instanceId: string, parts: readonly BackupPart[]): Promise<Bytes>;
  /** Deletes every object of a backup, or of all backups of an instance, including those that no record names. */
  remove(instanceId: string, backupId?: string): Promise<void>;
}

const CONTAINER = "backups";
const PART_BYTES = 4 * 1024 * 1024;
/** Digits of a part's number in its name, so that names sort like parts. */
const PART_DIGITS = 4;
const compress = promisify(gzip);
const expand = promisify(gunzip);

const sha256 = (bytes: Uint8Array): string => hash("sha256", bytes, "hex");

/** Swift lists at most 10,000 names at a time; all of them are deleted before asking for more. */
const LISTINGS_MAX = 1000;

/** What Swift does not have counts as deleted; a 404 from something in front of Swift says nothing. @throws FinalError */
const expectOrGone = (answer: BackendAnswer, what: string, ...statuses: readonly number[]): BackendAnswer =>
  expectStatus(answer, what, ...statuses, ...(isOfSwift(answer) ? [404] : []));

/** The objects in the container of all backups. */
class Container {
  readonly #project: OpenStackProject;

  constructor(project: OpenStackProject) {
    this.#project = project;
  }

  #call(method: string, name: string, body?: Bytes): Promise<BackendAnswer> {
    return this.#project.call("object-store", method, `/${CONTAINER}${name}`, body === undefined ? {} : { body });
  }

  async create(): Promise<void> {
    expectStatus(await this.#call("PUT", ""), "container", 201, 202);
  }

  async putPart(name: string, bytes: Bytes): Promise<BackupPart> {
    expectStatus(await this.#call("PUT", `/${name}`, bytes), "object", 201);
    return { name, bytes: bytes.length, sha256: sha256(bytes) };
  }

  /** @throws FinalError when the part is missing or differs from what was stored */
  async getPart({ name, bytes, sha256: digest }: BackupPart): Promise<Bytes> {
    const answer = await this.#call("GET", `/${name}`);
    if (answer.status !== 200) throw new FinalError(`the backup is not whole: part ${name} answered ${answer.status}`);
    if (answer.bytes.length !== bytes || sha256(answer.bytes) !== digest)
      throw new FinalError(`the backup is not whole: part ${name} differs from its checksum`);
    return answer.bytes;
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

/**
 * Opens the backups of a project.
 *
 * @param ring keys of 64 hexadecimal digits, the first of which seals; each instance's backups are sealed under a key derived from it
 */
export function createBackupStore(project: OpenStackProject, host: Host, ring: readonly string[]): BackupStore {
  const container = new Container(project);
  const sealOf = (instanceId: string): Seal => createSeal(host, ring, `backup/${instanceId}`);
  return {
    async put(instanceId, backupId, dump) {
      const sealed = sealOf(instanceId).seal(await host.track(compress(dump, { level: 6 })));
      const folder = `${instanceId}/${backupId}/`;
      await container.create();
      await container.clear(folder);
      const parts: BackupPart[] = [];
      for (let at = 0; at < sealed.length; at += PART_BYTES) {
        const name = `${folder}${String(parts.length).padStart(PART_DIGITS, "0")}`;
        parts.push(await container.putPart(name, sealed.slice(at, at + PART_BYTES)));
      }
      return parts;
    },
    async get(instanceId, parts) {
      const chunks: Bytes[] = [];
      for (const part of parts) chunks.push(await container.getPart(part));
      try {
        return await host.track(expand(sealOf(instanceId).open(Buffer.concat(chunks))));
      } catch (error) {
        throw new FinalError(`the backup can't be opened: ${error instanceof Error ? error.message : String(error)}`);
      }
    },
    remove: (instanceId, backupId) =>
      container.clear(backupId === undefined ? `${instanceId}/` : `${instanceId}/${backupId}/`),
  };
}
