import type { Host } from "../host.ts";
import type { Bytes } from "../http/client.ts";
import type { OpenStackProject } from "../openstack/project.ts";
import { inPieces, openArtifact, sealArtifact } from "./artifact.ts";
import { type BackupPart, Container } from "./container.ts";
import { FinalError } from "../errors.ts";

export { type BackupPart, parseParts } from "./container.ts";

/** The stored form of a stream. */
interface StoredArtifact {
  readonly parts: readonly BackupPart[];
  /** Of the stream, before compression. */
  readonly bytes: number;
}

/** How an artifact is opened. */
export interface ArtifactKey {
  /** Random, of this artifact alone. */
  readonly key: Uint8Array;
  /** The same, wrapped by the tenant's key; it is stored with the artifact. Absent if the tenant has none. */
  readonly wrapped?: string;
}

/**
 * Where backups are kept: compressed, encrypted under a key of their own, split into parts with checksums. Whatever their size, one part and one
 * chunk of them are in memory. Every method throws BackendError while Swift is away.
 */
export interface BackupStore {
  /**
   * Stores a stream below a folder, `<instance>/<backup>`, replacing whatever an earlier attempt left there.
   *
   * @throws FinalError, and what the stream throws; then `remove` removes what was stored
   */
  put(folder: string, stream: AsyncIterable<Uint8Array>, key: ArtifactKey): Promise<StoredArtifact>;
  /** Reads all of it to the end. @throws FinalError if a part is changed, truncated, missing or another backup's, or this is not its key */
  verify(parts: readonly BackupPart[], key: Uint8Array): Promise<void>;
  /** The stream that was stored, verified part by part, chunk by chunk; its end only with the last chunk. @throws FinalError as `verify` */
  open(parts: readonly BackupPart[], key: Uint8Array): AsyncIterable<Bytes>;
  /**
   * The stored bytes, still sealed, for a tenant who has the key.
   * @throws FinalError if a part is changed, truncated or missing
   */
  read(parts: readonly BackupPart[]): AsyncIterable<Bytes>;
  /** Deletes every object below a folder, such as `<instance>` or `<instance>/<backup>`, including those that no record names. */
  remove(folder: string): Promise<void>;
}

const PART_BYTES = 4 * 1024 * 1024;
/** Digits of a part's number in its name, so that names sort like parts. */
const PART_DIGITS = 4;

/** Counts the bytes of a stream as they pass. */
class Meter {
  bytes = 0;

  async *through(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of stream) {
      this.bytes += chunk.length;
      yield chunk;
    }
  }
}

/** Opens the backups of a project. */
export function createBackupStore(project: OpenStackProject, host: Host): BackupStore {
  const container = new Container(project, host);
  const open = (parts: readonly BackupPart[], key: Uint8Array): AsyncIterable<Bytes> => {
    if (parts.length === 0) throw new FinalError("the backup has no parts");
    return openArtifact(host, container.read(parts), async () => key);
  };
  return {
    async put(folder, stream, { key, wrapped }) {
      try {
        await container.create();
        await container.clear(`${folder}/`);
      } catch (error) {
        // Otherwise the agent would wait for a reader of its dump.
        await stream[Symbol.asyncIterator]().return?.();
        throw error;
      }
      const meter = new Meter();
      const head = {
        cipher: "AES-256-GCM",
        compression: "zstd",
        ...(wrapped !== undefined && { key: wrapped }),
      } as const;
      const parts: BackupPart[] = [];
      for await (const { piece } of inPieces(sealArtifact(host, meter.through(stream), { key, head }), PART_BYTES)) {
        const name = `${folder}/${String(parts.length).padStart(PART_DIGITS, "0")}`;
        parts.push(await container.putPart(name, piece));
      }
      return { parts, bytes: meter.bytes };
    },
    async verify(parts, key) {
      // A damaged backup throws.
      for await (const _ of open(parts, key));
    },
    open,
    read: (parts) => container.read(parts),
    remove: (folder) => container.clear(`${folder}/`),
  };
}
