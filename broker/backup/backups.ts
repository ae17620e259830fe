import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import { FinalError } from "../errors.ts";
import type { OpenStackProject } from "../openstack/project.ts";
import type { Host } from "../host.ts";
import { type BackendAnswer, expectStatus, textOf } from "../http/client.ts";
import { isOfSwift } from "../http/refusals.ts";
import { createSeal, type Seal } from "../store/seal.ts";

/** One object of a backup in the store. */
export interface BackupPart {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** Where backups lie: compressed, encrypted under a key of the instance, in parts with checksums. */
export interface BackupStore {
  /** Stores a dump in place of what an earlier attempt may have left of it. */
  put(instanceId: string, backupId: string, dump: Uint8Array): Promise<readonly BackupPart[]>;
  /** The dump, once every part has proved whole. @throws FinalError before anything is given back when one has not */
  get(instanceId: string, parts: readonly BackupPart[]): Promise<Uint8Array>;
  /** Deletes every object of a backup, or of all backups of an instance, also those that no record names. */
  remove(instanceId: string, backupId?: string): Promise<void>;
}

const CONTAINER = "backups";
const PART_BYTES = 4 * 1024 * 1024;
const compress = promisify(gzip);
const expand = promisify(gunzip);

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** Swift gives at most 10,000 names a listing; each is deleted before the next is asked for. */
const LISTINGS_MAX = 1000;

/** What Swift has not is as good as deleted; that something before it has no such page says nothing. @throws FinalError */
const expectOrGone = (answer: BackendAnswer, what: string, ...statuses: readonly number[]): BackendAnswer =>
  expectStatus(answer, what, ...statuses, ...(isOfSwift(answer) ? [404] : []));

export function createBackupStore(project: OpenStackProject, host: Host, encryptionKey: string): BackupStore {
  const sealOf = (instanceId: string): Seal => createSeal(host, encryptionKey, `backup/${instanceId}`);
  const call = (method: string, name: string, body?: Uint8Array): Promise<BackendAnswer> =>
    project.call("object-store", method, `/${CONTAINER}${name}`, body === undefined ? {} : { body });

  const list = async (prefix: string): Promise<readonly string[]> => {
    const answer = expectOrGone(await call("GET", `?prefix=${encodeURIComponent(prefix)}`), "listing", 200, 204);
    return answer.status === 200 ? textOf(answer).split("\n").filter(Boolean) : [];
  };
  const clear = async (prefix: string): Promise<void> => {
    for (let listing = 0; listing < LISTINGS_MAX; listing++) {
      const names = await list(prefix);
      if (names.length === 0) return;
      for (const name of names) expectOrGone(await call("DELETE", `/${name}`), "object", 204);
    }
  };
  const fetchPart = async ({ name, bytes, sha256: digest }: BackupPart): Promise<Uint8Array> => {
    const answer = await call("GET", `/${name}`);
    if (answer.status !== 200) throw new FinalError(`the backup is not whole: part ${name} answered ${answer.status}`);
    if (answer.bytes.length !== bytes || sha256(answer.bytes) !== digest)
      throw new FinalError(`the backup is not whole: part ${name} differs from its checksum`);
    return answer.bytes;
  };
  return {
    async put(instanceId, backupId, dump) {
      const sealed = sealOf(instanceId).seal(await host.track(compress(dump, { level: 6 })));
      expectStatus(await call("PUT", ""), "container", 201, 202);
      await clear(`${instanceId}/${backupId}/`);
      const parts: BackupPart[] = [];
      for (let at = 0; at < sealed.length; at += PART_BYTES) {
        const bytes = sealed.slice(at, at + PART_BYTES);
        const name = `${instanceId}/${backupId}/${String(parts.length).padStart(4, "0")}`;
        expectStatus(await call("PUT", `/${name}`, bytes), "object", 201);
        parts.push({ name, bytes: bytes.length, sha256: sha256(bytes) });
      }
      return parts;
    },
    async get(instanceId, parts) {
      const chunks: Uint8Array[] = [];
      for (const part of parts) chunks.push(await fetchPart(part));
      try {
        return await host.track(expand(sealOf(instanceId).open(Buffer.concat(chunks))));
      } catch (error) {
        throw new FinalError(`the backup can not be opened: ${error instanceof Error ? error.message : String(error)}`);
      }
    },
    remove: (instanceId, backupId) => clear(backupId === undefined ? `${instanceId}/` : `${instanceId}/${backupId}/`),
  };
}
