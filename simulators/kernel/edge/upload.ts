import { pipeline, type Readable, Transform, type TransformCallback } from "node:stream";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Bytes uploaded between two collections. */
const SWEEP_BYTES = 8 * 1024 * 1024;

type Collect = (options: { readonly type: "minor" }) => void;
let collect: Collect | undefined;

function sweep(): void {
  if (collect === undefined) {
    setFlagsFromString("--expose-gc");
    collect = runInNewContext("gc") as Collect;
  }
  collect({ type: "minor" });
}

/**
 * Streams an upload of any size in little memory. Its chunks lie outside V8's heap and become garbage at once, but V8 lets 64 MB of such
 * garbage pile up before it collects; so it is asked to collect more often while an upload runs.
 */
export function streamSparingly(payload: Readable): Readable {
  let bytes = 0;
  const counter = new Transform({
    transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback) {
      bytes += chunk.length;
      if (bytes >= SWEEP_BYTES) {
        bytes = 0;
        sweep();
      }
      done(null, chunk);
    },
  });
  // A broken upload breaks its copy, and with it the reader of that copy.
  return pipeline(payload, counter, () => {});
}
