import type { Readable } from "node:stream";
import type { Unread } from "../http/api.ts";
import { streamSparingly } from "./upload.ts";

/** A body that was not read to its end. */
export class BodyError extends Error {
  readonly why: Unread;

  constructor(why: Unread) {
    super(`the body was not read: ${why}`);
    this.why = why;
  }
}

/** Reads a body into memory. `cut` stops the reading when the parser can make no sense of what follows. @throws BodyError */
export function readBody(payload: Readable, bytesMax: number, cut: AbortSignal): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    // A body that has ended also closes, and an error that nobody needs costs more than the read itself.
    let isEnded = false;
    const fail = (why: Unread): void => {
      if (!isEnded) reject(new BodyError(why));
    };
    payload.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > bytesMax) fail("too-large");
      else chunks.push(chunk);
    });
    payload.once("end", () => {
      isEnded = true;
      resolve(Buffer.concat(chunks));
    });
    payload.once("error", () => fail("cut"));
    payload.once("close", () => fail("cut"));
    cut.addEventListener("abort", () => fail("cut"), { once: true });
  });
}

/** A body as a stream, which fails as `readBody` does. */
export function readableBody(payload: Readable, cut: AbortSignal): Readable {
  const stream = streamSparingly(payload);
  cut.addEventListener("abort", () => stream.destroy(new BodyError("cut")), { once: true });
  return stream;
}
