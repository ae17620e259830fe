/** The longest line of an inline request, in bytes, like redis.conf's `proto-inline-max-size`. */
const LINE_BYTES_MAX = 64 * 1024;
/** The most arguments of one request. */
const ARGUMENTS_MAX = 1024 * 1024;
/** The longest argument, in bytes, like redis.conf's `proto-max-bulk-len`. */
const ARGUMENT_BYTES_MAX = 512 * 1024 * 1024;
/** The limits for a client that has not logged in, which must not fill the memory. */
const UNAUTHENTICATED = { arguments: 10, bytes: 16 * 1024 };

/** A request that breaks the protocol; the connection ends after the message. */
export class ProtocolError extends Error {}

/** Reads requests from the bytes of a connection, in whatever pieces they come. */
export class RequestReader {
  #unread: Buffer = Buffer.alloc(0);
  #parts: Buffer[] = [];
  #partBytes = 0;
  /** The least number of bytes that the current request needs before another look is worthwhile. */
  #needs = 0;
  #at = 0;
  #expected = -1;
  #arguments: string[] = [];
  isAuthenticated = true;

  add(chunk: Buffer): void {
    this.#parts.push(chunk);
    this.#partBytes += chunk.length;
  }

  /** The next complete request: its arguments as byte strings. Undefined if more bytes are needed. @throws ProtocolError */
  next(): readonly string[] | undefined {
    if (this.#unread.length - this.#at + this.#partBytes < this.#needs) return undefined;
    if (this.#parts.length > 0) {
      this.#unread = Buffer.concat([this.#unread.subarray(this.#at), ...this.#parts]);
      this.#at = 0;
      this.#parts = [];
      this.#partBytes = 0;
    }
    this.#needs = 0;
    for (;;) {
      const found = this.#expected === -1 ? this.#head() : this.#argument();
      if (found === "more") return undefined;
      if (found === undefined) continue;
      return found;
    }
  }

  /** A line without its end; undefined if it is incomplete. */
  #line(): string | undefined {
    const end = this.#unread.indexOf(0x0a, this.#at);
    if (end === -1) {
      if (this.#unread.length - this.#at > LINE_BYTES_MAX) throw new ProtocolError("too big inline request");
      return undefined;
    }
    const last = end > this.#at && this.#unread[end - 1] === 0x0d ? end - 1 : end;
    const line = this.#unread.toString("latin1", this.#at, last);
    this.#at = end + 1;
    return line;
  }

  #head(): readonly string[] | "more" | undefined {
    if (this.#at >= this.#unread.length) return "more";
    const isMultiBulk = this.#unread[this.#at] === 0x2a;
    const line = this.#line();
    if (line === undefined) return "more";
    if (!isMultiBulk) {
      const words = wordsOf(line);
      if (words === undefined) throw new ProtocolError("unbalanced quotes in request");
      return words.length === 0 ? undefined : words;
    }
    const count = numberIn(line);
    if (count === undefined || count > ARGUMENTS_MAX) throw new ProtocolError("invalid multibulk length");
    if (count > UNAUTHENTICATED.arguments && !this.isAuthenticated)
      throw new ProtocolError("unauthenticated multibulk length");
    if (count <= 0) return undefined;
    this.#expected = count;
    this.#arguments = [];
    return undefined;
  }

  #argument(): readonly string[] | "more" | undefined {
    const start = this.#at;
    if (start >= this.#unread.length) return "more";
    if (this.#unread[start] !== 0x24) {
      const found = String.fromCharCode(this.#unread[start] ?? 0);
      throw new ProtocolError(`expected '$', got '${found}'`);
    }
    const line = this.#line();
    if (line === undefined) return "more";
    const length = numberIn(line);
    if (length === undefined || length < 0 || length > ARGUMENT_BYTES_MAX)
      throw new ProtocolError("invalid bulk length");
    if (length > UNAUTHENTICATED.bytes && !this.isAuthenticated) throw new ProtocolError("unauthenticated bulk length");
    if (this.#unread.length < this.#at + length + 2) {
      this.#needs = this.#at + length + 2 - start;
      this.#at = start;
      return "more";
    }
    this.#arguments.push(this.#unread.toString("latin1", this.#at, this.#at + length));
    this.#at += length + 2;
    if (this.#arguments.length < this.#expected) return undefined;
    this.#expected = -1;
    return this.#arguments;
  }
}

function numberIn(line: string): number | undefined {
  const digits = line.slice(1);
  return /^-?\d{1,10}$/.test(digits) ? Number(digits) : undefined;
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", b: "\b", a: "\x07" };

/** The words of a typed line: separated by spaces, with quotes as in a shell. Undefined if a quote is not closed. */
function wordsOf(line: string): readonly string[] | undefined {
  const words: string[] = [];
  const word = /\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^\s"']\S*))(?=\s|$)/gsy;
  let end = 0;
  for (let found = word.exec(line); found !== null; found = word.exec(line)) {
    const [, double, single, plain] = found;
    if (double !== undefined) words.push(unescape(double));
    else words.push(single === undefined ? (plain ?? "") : single.replaceAll("\\'", "'"));
    end = word.lastIndex;
  }
  return line.slice(end).trim() === "" ? words : undefined;
}

const unescape = (text: string): string =>
  text.replaceAll(/\\(?:x([0-9a-fA-F]{2})|(.))/gs, (_all, hex?: string, one?: string) =>
    hex === undefined ? (ESCAPES[one ?? ""] ?? one ?? "") : String.fromCharCode(Number.parseInt(hex, 16)),
  );
