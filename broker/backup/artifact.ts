import { createCipheriv, createDecipheriv, createHash } from "node:crypto";
import { promisify } from "node:util";
import { zstdCompress, zstdDecompress } from "node:zlib";
import Type, { type Static } from "typebox";
import { FinalError } from "../errors.ts";
import type { Host } from "../host.ts";
import type { Bytes } from "../http/client.ts";
import { parserOf } from "../json.ts";

/*
 * The form of a backup in the store, in one or more objects:
 *
 *   drydock-backup 1            a line with name and version
 *   {"cipher": …}               a line of JSON, `ArtifactHead`
 *   chunk, chunk, …             each: length of what follows (4 bytes, big-endian), ciphertext, tag (16 bytes)
 *
 * A chunk is up to 1 MiB of the dump, compressed by itself (Zstandard, RFC 8878) and encrypted with AES-256-GCM. The construction is
 * STREAM (Hoang, Reyhanitabar, Rogaway, Vizár: "Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance", 2015), as age and Tink use
 * it: the nonce is the number of the chunk (11 bytes, big-endian) and a byte that is 1 in the last chunk, else 0. The key is random and
 * belongs to one attempt of one backup, so no nonce comes twice under it. Both lines are authenticated with each chunk (as their SHA-256). So a
 * chunk that is changed, moved, left out, or from another backup does not open; nor does an artifact that is cut off or continues after its last chunk.
 */
const MAGIC = "drydock-backup 1\n";
const CIPHER = "aes-256-gcm";
const CHUNK_BYTES = 1024 * 1024;
/** Zstandard may make a chunk slightly longer. */
const SEALED_BYTES_MAX = CHUNK_BYTES + 64 * 1024;
const HEAD_BYTES_MAX = 4096;
const LENGTH_BYTES = 4;
const TAG_BYTES = 16;
const NONCE_BYTES = 12;

const ArtifactHead = Type.Object({
  cipher: Type.Literal("AES-256-GCM"),
  compression: Type.Literal("zstd"),
  /** The key of this artifact, wrapped by its tenant's own: see `keys.ts`. Absent if only the platform has it. */
  key: Type.Optional(Type.String()),
});
/** The header of an artifact, before its first chunk. */
type ArtifactHead = Static<typeof ArtifactHead>;

const parseHead = parserOf("the head of a backup", ArtifactHead);
const compress = promisify(zstdCompress);
const expand = promisify(zstdDecompress);

const damage = (what: string): FinalError => new FinalError(`the backup can't be opened: ${what}`);

function nonceOf(chunk: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(NONCE_BYTES);
  nonce.writeUIntBE(chunk, NONCE_BYTES - 7, 6);
  nonce.writeUInt8(isLast ? 1 : 0, NONCE_BYTES - 1);
  return nonce;
}

/** Encrypts one chunk after another. */
class Sealer {
  readonly #key: Uint8Array;
  readonly #aad: Buffer;
  #chunk = 0;

  constructor(key: Uint8Array, head: Uint8Array) {
    this.#key = key;
    this.#aad = createHash("sha256").update(head).digest();
  }

  seal(plain: Uint8Array, isLast: boolean): Bytes {
    const cipher = createCipheriv(CIPHER, this.#key, nonceOf(this.#chunk++, isLast)).setAAD(this.#aad);
    const sealed = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt32BE(sealed.length);
    return Buffer.concat([length, sealed]);
  }

  /** @throws FinalError if it is not the next chunk of this artifact under this key */
  open(sealed: Uint8Array, isLast: boolean): Buffer {
    const decipher = createDecipheriv(CIPHER, this.#key, nonceOf(this.#chunk++, isLast)).setAAD(this.#aad);
    decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
    try {
      return Buffer.concat([decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES)), decipher.final()]);
    } catch {
      throw damage("it was changed, or this is not its key");
    }
  }
}

/** Cuts a stream into pieces of `bytes`; the last, which may be empty, is shorter. */
export async function* inPieces(
  stream: AsyncIterable<Uint8Array>,
  bytes: number,
): AsyncGenerator<{ readonly piece: Bytes; readonly isLast: boolean }> {
  let held: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    held.push(chunk);
    size += chunk.length;
    if (size <= bytes) continue;
    let all = Buffer.concat(held);
    for (; all.length > bytes; all = all.subarray(bytes)) yield { piece: all.subarray(0, bytes), isLast: false };
    [held, size] = [[Buffer.from(all)], all.length];
  }
  yield { piece: Buffer.concat(held), isLast: true };
}

/** The artifact of a dump, chunk by chunk; one chunk at a time is in memory. */
export async function* sealArtifact(
  host: Host,
  dump: AsyncIterable<Uint8Array>,
  { key, head }: { readonly key: Uint8Array; readonly head: ArtifactHead },
): AsyncGenerator<Bytes> {
  const lines = Buffer.from(`${MAGIC}${JSON.stringify(head)}\n`);
  yield lines;
  const sealer = new Sealer(key, lines);
  for await (const { piece, isLast } of inPieces(dump, CHUNK_BYTES))
    yield sealer.seal(await host.track(compress(piece)), isLast);
}

/** Reads the requested number of bytes from a stream. */
class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #held: Buffer = Buffer.alloc(0);

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  async #fill(bytes: number): Promise<boolean> {
    const parts: Uint8Array[] = [this.#held];
    let size = this.#held.length;
    while (size < bytes) {
      const next = await this.#chunks.next();
      if (next.done === true) break;
      parts.push(next.value);
      size += next.value.length;
    }
    if (parts.length > 1) this.#held = Buffer.concat(parts);
    return size >= bytes;
  }

  /** @throws FinalError if there are fewer */
  async take(bytes: number): Promise<Buffer> {
    if (!(await this.#fill(bytes))) throw damage("it is cut off");
    const taken = this.#held.subarray(0, bytes);
    this.#held = this.#held.subarray(bytes);
    return taken;
  }

  /** The bytes up to and including the next end of line. @throws FinalError if there is none in the first `max` */
  async takeLine(max: number): Promise<Buffer> {
    await this.#fill(max);
    const end = this.#held.subarray(0, max).indexOf("\n");
    if (end < 0) throw damage("it has no head");
    return this.take(end + 1);
  }

  async isAtEnd(): Promise<boolean> {
    return !(await this.#fill(1));
  }

  async leave(): Promise<void> {
    await this.#chunks.return?.();
  }
}

/**
 * The dump of an artifact. Each chunk is verified before it is returned, but only the end shows whether all of them are there: a caller that must
 * not act on a part reads it to the end once first.
 *
 * @param keyOf the key for a head
 * @throws FinalError if it is damaged, or this is not its key
 */
export async function* openArtifact(
  host: Host,
  stored: AsyncIterable<Uint8Array>,
  keyOf: (head: ArtifactHead) => Promise<Uint8Array>,
): AsyncGenerator<Bytes> {
  const reader = new ByteReader(stored);
  try {
    const magic = await reader.takeLine(MAGIC.length);
    if (magic.toString("latin1") !== MAGIC) throw damage("it is not a backup");
    const line = await reader.takeLine(HEAD_BYTES_MAX);
    const sealer = new Sealer(await keyOf(parseHeadOf(line)), Buffer.concat([magic, line]));
    for (let isLast = false; !isLast; ) {
      const length = (await reader.take(LENGTH_BYTES)).readUInt32BE();
      if (length < TAG_BYTES || length > SEALED_BYTES_MAX) throw damage("a chunk has no length");
      const sealed = await reader.take(length);
      isLast = await reader.isAtEnd();
      const plain = sealer.open(sealed, isLast);
      yield await host.track(expand(plain, { maxOutputLength: CHUNK_BYTES }));
    }
  } finally {
    await reader.leave();
  }
}

function parseHeadOf(line: Buffer): ArtifactHead {
  try {
    return parseHead(line.toString("utf8"));
  } catch {
    throw damage("its head is not JSON of its schema");
  }
}
