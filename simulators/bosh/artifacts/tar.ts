import { spawn } from "node:child_process";
import { PassThrough, Readable, Transform, type TransformCallback } from "node:stream";
import { createGunzip } from "node:zlib";
import { extract } from "tar-stream";

/*
 * Reads archives as a director's `tar` does: plain, or compressed in any format that it recognises.
 */

/** The first bytes of a compressed archive, and the program that unpacks it; gzip needs none. */
const FORMATS: readonly (readonly [magic: readonly number[], program: string])[] = [
  [[0x1f, 0x8b], "gzip"],
  [[0x42, 0x5a, 0x68], "bzip2"],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a], "xz"],
];

const MAGIC_BYTES = 6;

const BLOCK_BYTES = 512;

/** The message of tar-stream for a truncated archive. */
const CUT_OFF = "Unexpected end of data";

interface Unpacked {
  readonly unpacked: Readable;
  /** Whether it is uncompressed; known once the first bytes have come. */
  readonly isPlain: () => boolean;
}

/** Unpacks any of these formats. Damage ends the stream with an error. */
function unpack(stream: Readable): Unpacked {
  let isPlain = true;
  const out = new PassThrough();
  const fail = (error: Error): void => void out.destroy(error);
  stream.once("error", fail);
  let head = Buffer.alloc(0);
  const choose = (): void => {
    if (head.length === 0) return fail(new Error("an archive without a byte"));
    stream.off("data", gather).off("end", choose);
    const program = FORMATS.find(([magic]) => magic.every((byte, at) => head[at] === byte))?.[1];
    isPlain = program === undefined;
    const unpacked = unpackerFor(program, fail);
    unpacked.source.on("error", fail);
    unpacked.source.pipe(out);
    unpacked.sink.write(head);
    if (stream.readableEnded) unpacked.sink.end();
    else stream.pipe(unpacked.sink);
  };
  const gather = (chunk: Buffer): void => {
    head = Buffer.concat([head, chunk]);
    if (head.length < MAGIC_BYTES) return;
    stream.pause();
    choose();
  };
  stream.on("data", gather).once("end", choose);
  return { unpacked: out, isPlain: () => isPlain };
}

interface Unpacker {
  readonly sink: NodeJS.WritableStream;
  readonly source: Readable;
}

function unpackerFor(program: string | undefined, fail: (error: Error) => void): Unpacker {
  if (program === undefined) {
    const plain = new PassThrough();
    return { sink: plain, source: plain };
  }
  if (program === "gzip") {
    const gunzip = createGunzip();
    return { sink: gunzip, source: gunzip };
  }
  const child = spawn(program, ["-dc"], { stdio: ["pipe", "pipe", "ignore"] });
  child.once("error", fail);
  child.once("close", (code) => {
    if (code !== 0) fail(new Error(`${program} ended with ${code}`));
  });
  child.stdin.on("error", fail);
  return { sink: child.stdin, source: child.stdout };
}

/** Walks an archive while it streams through; memory stays flat whatever its size. @throws Error for anything but an archive, or a member outside it */
export async function walkArchive(
  stream: Readable,
  visit: (name: string, member: Readable) => Promise<void>,
): Promise<void> {
  const entries = extract();
  const { unpacked, isPlain } = unpack(stream);
  const failed = new Promise<never>((_resolve, reject) => {
    for (const each of [stream, unpacked]) each.once("error", reject);
  });
  let bytes = 0;
  // The offset at which the blocks of the last member end.
  let end = 0;
  const watch = new Tap((chunk) => {
    bytes += chunk.length;
  });
  for (const each of [watch, entries]) each.on("error", () => undefined);
  unpacked.once("error", (error) => watch.destroy(error));
  unpacked.pipe(watch).pipe(entries);
  const visited = (async () => {
    for await (const entry of entries) {
      const { name, type, size } = entry.header;
      end += BLOCK_BYTES * (1 + Math.ceil(size / BLOCK_BYTES));
      if (name.split("/").includes("..")) throw new Error(`a member outside the archive: ${name}`);
      const member = Readable.from(entry);
      // Whoever reads the stream gets the error; if nobody does, the walk fails anyway.
      member.on("error", () => undefined);
      if (type === "directory") member.resume();
      else await visit(name.replace(/^(?:\.?\/)+/, ""), member);
    }
  })();
  try {
    await Promise.race([visited, failed]);
  } catch (error) {
    // `tar` ignores a truncated block, and needs no end marker after the last member.
    const least = Math.max(end, isPlain() ? BLOCK_BYTES : 1);
    const isCut = error instanceof Error && error.message === CUT_OFF && unpacked.readableEnded;
    if (!isCut || bytes < least) throw error;
  }
}

/** Reads a member completely. @throws Error for one that is too large */
export async function readSmall(stream: Readable, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    if (!Buffer.isBuffer(chunk)) throw new Error("a stream of something other than bytes");
    bytes += chunk.length;
    if (bytes > bytesMax) throw new Error(`a member of over ${bytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Passes chunks through, and shows each to `see`. */
export class Tap extends Transform {
  readonly #see: (chunk: Buffer) => void;

  constructor(see: (chunk: Buffer) => void) {
    super();
    this.#see = see;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#see(chunk);
    done(null, chunk);
  }
}
