/** An answer of a Redis server (RESP2). An error is an answer too: later answers are not lost. */
export type RespReply = string | number | null | RespError | readonly RespReply[];

/** An error in an answer; `code` is its first word. */
export class RespError {
  readonly code: string;
  readonly message: string;
  constructor(text: string) {
    this.message = text;
    this.code = text.split(" ")[0] ?? "";
  }
}

/** A command as sent: an array of bulk strings. */
export function encodeCommand(words: readonly string[]): Buffer {
  const parts = words.map((word) => Buffer.from(word));
  const pieces = parts.flatMap((part) => [Buffer.from(`$${part.length}\r\n`), part, Buffer.from("\r\n")]);
  return Buffer.concat([Buffer.from(`*${words.length}\r\n`), ...pieces]);
}

/** The answer is incomplete: it has at least this many bytes in all. */
class Incomplete {
  readonly bytes: number;
  constructor(bytes: number) {
    this.bytes = bytes;
  }
}

type Parsed = { readonly reply: RespReply; readonly end: number } | Incomplete;

/** How deeply nested arrays are read; none of our commands has deeper answers. */
const DEPTH_MAX = 8;

function parseReply(bytes: Buffer, start: number, depth = 0): Parsed {
  const lineEnd = bytes.indexOf("\r\n", start);
  if (lineEnd < 0) return new Incomplete(bytes.length + 1);
  const line = bytes.toString("utf8", start + 1, lineEnd);
  const end = lineEnd + 2;
  const kind = String.fromCharCode(bytes[start] ?? 0);
  if (kind === "+") return { reply: line, end };
  if (kind === "-") return { reply: new RespError(line), end };
  if (kind === ":") return { reply: Number(line), end };
  const count = Number(line);
  if (!Number.isInteger(count) || (kind !== "$" && kind !== "*") || depth > DEPTH_MAX)
    throw new Error("the server does not speak Redis's protocol");
  if (count < 0) return { reply: null, end };
  if (kind === "*") return parseArray(bytes, end, count, depth);
  if (bytes.length < end + count + 2) return new Incomplete(end + count + 2);
  return { reply: bytes.toString("utf8", end, end + count), end: end + count + 2 };
}

function parseArray(bytes: Buffer, start: number, count: number, depth: number): Parsed {
  const items: RespReply[] = [];
  let at = start;
  for (let index = 0; index < count; index++) {
    const parsed = parseReply(bytes, at, depth + 1);
    if (parsed instanceof Incomplete) return parsed;
    items.push(parsed.reply);
    at = parsed.end;
  }
  return { reply: items, end: at };
}

/** Reads answers from a stream, piece by piece. */
export class RespReader {
  #chunks: Buffer[] = [];
  #bytes = 0;
  #needed = 1;

  /** The answers that are complete now. @throws Error if this is not Redis's protocol */
  push(chunk: Buffer): readonly RespReply[] {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    // A long answer is assembled once, not with each of its pieces.
    if (this.#bytes < this.#needed) return [];
    const whole = Buffer.concat(this.#chunks);
    const replies: RespReply[] = [];
    let at = 0;
    this.#needed = 1;
    while (at < whole.length) {
      const parsed = parseReply(whole, at);
      if (parsed instanceof Incomplete) {
        this.#needed = parsed.bytes - at;
        break;
      }
      replies.push(parsed.reply);
      at = parsed.end;
    }
    this.#chunks = [whole.subarray(at)];
    this.#bytes = whole.length - at;
    return replies;
  }
}
