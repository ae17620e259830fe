import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import { FinalError } from "../errors.ts";
import type { Project } from "../guard/openstack.ts";
import type { Host } from "../host.ts";
import { expected } from "../http/client.ts";
import { createSeal } from "../store/seal.ts";

/** One object of a backup in the store. */
export interface Part {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** Where backups lie: compressed, encrypted under a key of the instance, in parts with checksums. */
export interface BackupStore {
  put(instanceId: string, backupId: string, dump: Uint8Array): Promise<readonly Part[]>;
  /** The dump, once every part has proved whole. @throws FinalError before anything is given back when one has not */
  get(instanceId: string, parts: readonly Part[]): Promise<Uint8Array>;
  remove(parts: readonly Part[]): Promise<void>;
}

const CONTAINER = "backups";
const PART_BYTES = 4 * 1024 * 1024;
const compress = promisify(gzip);
const expand = promisify(gunzip);

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

export function createBackupStore(project: Project, host: Host, encryptionKey: string): BackupStore {
  const sealOf = (instanceId: string): ReturnType<typeof createSeal> =>
    createSeal(host, encryptionKey, `backup/${instanceId}`);
  const path = (name: string): string => `/${CONTAINER}/${name}`;
  return {
    async put(instanceId, backupId, dump) {
      const sealed = sealOf(instanceId).seal(await host.track(compress(dump, { level: 6 })));
      expected(await project.call("object-store", "PUT", `/${CONTAINER}`), "container", 201, 202);
      const parts: Part[] = [];
      for (let at = 0; at < sealed.length; at += PART_BYTES) {
        const bytes = sealed.slice(at, at + PART_BYTES);
        const name = `${instanceId}/${backupId}/${String(parts.length).padStart(4, "0")}`;
        expected(await project.call("object-store", "PUT", path(name), { body: bytes }), "object", 201);
        parts.push({ name, bytes: bytes.length, sha256: sha256(bytes) });
      }
      return parts;
    },
    async get(instanceId, parts) {
      const chunks: Uint8Array[] = [];
      for (const { name, bytes, sha256: digest } of parts) {
        const answer = await project.call("object-store", "GET", path(name));
        if (answer.status !== 200)
          throw new FinalError(`the backup is not whole: part ${name} answered ${answer.status}`);
        if (answer.bytes.length !== bytes || sha256(answer.bytes) !== digest)
          throw new FinalError(`the backup is not whole: part ${name} differs from its checksum`);
        chunks.push(answer.bytes);
      }
      try {
        return await host.track(expand(sealOf(instanceId).open(Buffer.concat(chunks))));
      } catch (error) {
        throw new FinalError(`the backup can not be opened: ${error instanceof Error ? error.message : String(error)}`);
      }
    },
    async remove(parts) {
      for (const { name } of parts)
        expected(await project.call("object-store", "DELETE", path(name)), "object", 204, 404);
    },
  };
}
