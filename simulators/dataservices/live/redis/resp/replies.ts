import type { Reply } from "./reply.ts";

/** Reads the replies of a server from the bytes of a connection, in whatever pieces they come. */
export class ReplyReader {
  #unread: Buffer = Buffer.alloc(0);
  #at = 0;

  add(chunk: Buffer): void {
    this.#unread = Buffer.concat([this.#unread.subarray(this.#at), chunk]);
    this.#at = 0;
  }

  /** The next complete reply; undefined if more bytes are needed. @throws Error for bytes that are not a reply */
  next(): Reply | undefined {
    const start = this.#at;
    const reply = this.#reply();
    if (reply === undefined) this.#at = start;
    return reply;
  }

  #line(): string | undefined {
    const end = this.#unread.indexOf("\r\n", this.#at, "latin1");
    if (end === -1) return undefined;
    const line = this.#unread.toString("latin1", this.#at, end);
    this.#at = end + 2;
    return line;
  }

  #reply(): Reply | undefined {
    const line = this.#line();
    if (line === undefined) return undefined;
    const [prefix, rest] = [line[0], line.slice(1)];
    if (prefix === "+") return { type: "simple", text: rest };
    if (prefix === "-") return { type: "error", text: rest };
    if (prefix === ":") return { type: "integer", value: whole(rest) };
    if (prefix === "_") return { type: "bulk", text: null };
    if (prefix === ",") return { type: "double", value: doubleOf(rest) };
    if (prefix === "#") return { type: "boolean", value: rest === "t" };
    if (prefix === "$" || prefix === "=") return this.#text(prefix, Number(rest));
    if (prefix === "%") return this.#map(Number(rest));
    if (prefix === "*" || prefix === "~" || prefix === ">") return this.#items(prefix, Number(rest));
    throw new Error(`this is not a reply: ${line.slice(0, 40)}`);
  }

  #text(prefix: "$" | "=", length: number): Reply | undefined {
    if (length === -1) return { type: "bulk", text: null };
    if (this.#unread.length < this.#at + length + 2) return undefined;
    const text = this.#unread.toString("latin1", this.#at, this.#at + length);
    this.#at += length + 2;
    return prefix === "$" ? { type: "bulk", text } : { type: "verbatim", text: text.slice(4) };
  }

  #list(count: number): readonly Reply[] | undefined {
    const items: Reply[] = [];
    while (items.length < count) {
      const item = this.#reply();
      if (item === undefined) return undefined;
      items.push(item);
    }
    return items;
  }

  #map(count: number): Reply | undefined {
    const flat = this.#list(count * 2);
    if (flat === undefined) return undefined;
    const entries = flat.flatMap((name, at): [Reply, Reply][] => {
      const value = flat[at + 1];
      return at % 2 === 0 && value !== undefined ? [[name, value]] : [];
    });
    return { type: "map", entries };
  }

  #items(prefix: "*" | "~" | ">", count: number): Reply | undefined {
    if (count === -1) return { type: "array", items: null };
    const items = this.#list(count);
    if (items === undefined) return undefined;
    if (prefix === "*") return { type: "array", items };
    return { type: prefix === "~" ? "set" : "push", items };
  }
}

function whole(text: string): number | bigint {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : BigInt(text);
}

function doubleOf(text: string): number {
  if (text === "inf" || text === "-inf") return text === "inf" ? Infinity : -Infinity;
  return Number(text);
}
