import { sealStream, streamOf } from "../../wire/dump-stream.ts";

/** The dump of an engine that has all its bytes at once. Every error is known before the first chunk. */
export async function* dumpOfBytes(engine: string, make: () => Promise<Uint8Array>): AsyncGenerator<Uint8Array> {
  const bytes = await make();
  yield* sealStream(engine, streamOf(bytes));
}
