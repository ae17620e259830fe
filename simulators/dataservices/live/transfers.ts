import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { DumpDefects, KeptFile, RestoreOrder } from "../behaviour/services.ts";
import type { LiveNode } from "./engine.ts";
import type { Lease } from "./slot.ts";

/** How long a dump waits for its reader's next request, in ms. */
const IDLE_MS_MAX = 600_000;

/**
 * A dump of a leased node, which is released once the dump has ended or its reader has left. The node serves meanwhile, and starts no restore that
 * depends on the reader.
 */
export function dumpOf(
  lease: () => Promise<Lease>,
  { turns, defects }: { readonly turns: Turns; readonly defects: DumpDefects },
): AsyncIterable<Uint8Array> {
  return endedWhenIdle(
    (async function* () {
      const leased = await lease();
      const end = await turns.take(leased.node);
      try {
        yield* leased.node.dump(defects);
      } finally {
        end();
        leased.release();
      }
    })(),
  );
}

/** Dumps of one node come one after the other. */
export class Turns {
  readonly #last = new WeakMap<LiveNode, Promise<void>>();

  /** Resolves when the earlier ones have ended. Call its result to end this turn. */
  async take(node: LiveNode): Promise<() => void> {
    const before = this.#last.get(node);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last.set(node, promise);
    await before;
    return resolve;
  }
}

/** Ends a stream whose reader has neither asked for more nor left. */
function endedWhenIdle(stream: AsyncGenerator<Uint8Array>): AsyncIterable<Uint8Array> {
  let idle: NodeJS.Timeout | undefined;
  const leave = async (): Promise<IteratorResult<Uint8Array>> => {
    clearTimeout(idle);
    return stream.return(undefined);
  };
  return {
    [Symbol.asyncIterator]: () => ({
      async next() {
        clearTimeout(idle);
        const result = await stream.next();
        if (result.done !== true) idle = setTimeout(() => void leave(), IDLE_MS_MAX).unref();
        return result;
      },
      return: leave,
    }),
  };
}

/** The files that a plane keeps for a while, in its own folder. */
export class KeptFiles {
  readonly #folder: string;
  #made = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Keeps a stream. @throws Error when it breaks off; nothing is kept then */
  async keep(stream: AsyncIterable<Uint8Array>): Promise<KeptFile> {
    const path = join(this.#folder, `kept-${++this.#made}`);
    const file = createWriteStream(path, { mode: 0o600 });
    try {
      await pipeline(Readable.from(stream, { objectMode: false }), file);
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
    return { path, bytes: file.bytesWritten };
  }
}

/**
 * Restores a kept dump. The files of a log get their names in a separate folder, which any user of this
 * machine may enter, because the server runs as a different user.
 */
export async function restoreTo(node: LiveNode, { dump, defects, target }: RestoreOrder): Promise<void> {
  const chunks = createReadStream(dump.path);
  if (target === undefined) return node.restore(chunks, defects);
  const log = await mkdtemp(join(dirname(dump.path), "log-"));
  try {
    for (const [name, { path }] of target.log) await rename(path, join(log, name));
    await node.restore(chunks, defects, { atMs: target.atMs, log });
  } finally {
    await rm(log, { recursive: true, force: true });
  }
}
