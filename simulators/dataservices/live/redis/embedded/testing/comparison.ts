import { isDeepStrictEqual } from "node:util";
import { wallNowMs } from "../../../../../kernel/edge/drive.ts";
import type { Reply } from "../../resp/reply.ts";
import { ReplyReader } from "../../resp/replies.ts";
import { Dispatcher } from "../dispatcher.ts";

/** Commands with replies in no particular order. */
const UNORDERED = new Set(["keys", "scan", "smembers", "sinter", "sunion", "sdiff", "sscan"]);
/** Commands with times in their replies. */
const TIMED = new Set(["ttl", "expiretime"]);

/**
 * Whether two replies to the same call agree. For a call with several faults the servers may name different ones first, so it is enough that both
 * refuse; the texts of refusals are compared on calls with one fault (`oracle.test.ts`).
 */
export function areAlike(name: string, ours: Reply, theirs: Reply): boolean {
  if (ours.type === "error" && theirs.type === "error") return true;
  return isDeepStrictEqual(normal(name, ours), normal(name, theirs));
}

/** A reply in the form that both servers should give: without times and a server's internal order. */
export function normal(name: string, reply: Reply): unknown {
  if (TIMED.has(name) && reply.type === "integer") return Number(reply.value) > 0 ? "some" : reply.value;
  const plain = plainOf(reply);
  if (name === "xpending" && Array.isArray(plain))
    return plain.map((each) => (Array.isArray(each) ? withoutTime(each) : each));
  if (name === "hscan" || name === "zscan") return inTextOrder(inPairs(plain));
  return UNORDERED.has(name) ? inTextOrder(plain) : plain;
}

/** The pairs that a SCAN of names with values returns. */
function inPairs(plain: unknown): unknown {
  if (!Array.isArray(plain) || !Array.isArray(plain[1])) return plain;
  const [cursor, flat]: readonly unknown[] = plain;
  const words = Array.isArray(flat) ? flat : [];
  return [cursor, words.flatMap((word: unknown, at) => (at % 2 === 0 ? [[word, words[at + 1]]] : []))];
}

/** The idle time of a pending entry. */
const withoutTime = (each: readonly unknown[]): readonly unknown[] => (each.length === 4 ? each.with(2, "ms") : each);

const inTextOrder = (plain: unknown): unknown =>
  Array.isArray(plain)
    ? plain.map(inTextOrder).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
    : plain;

function plainOf(reply: Reply): unknown {
  switch (reply.type) {
    case "bulk":
      return reply.text === null ? null : numberOr(reply.text);
    case "integer":
      return String(reply.value);
    case "double":
      return { double: Number(reply.value.toPrecision(12)) + 0 };
    case "array":
      return reply.items?.map(plainOf) ?? null;
    case "map":
      return { map: Object.fromEntries(reply.entries.map(([name, value]) => [String(plainOf(name)), plainOf(value)])) };
    case "set":
      return inTextOrder(reply.items.map(plainOf));
    case "push":
      return { push: reply.items.map(plainOf) };
    case "error":
      return { error: reply.text };
    default:
      return reply;
  }
}

/** Servers differ in how many digits of a fraction they write, and a small sorted set forgets that a zero had a sign. */
function numberOr(text: string): unknown {
  if (text === "-0") return "0";
  return /^-?\d+\.\d+(e[+-]\d+)?$/.test(text) ? Number(Number(text).toPrecision(12)) : text;
}

const TEST = { username: "test", isOperator: true };

/** Our engine, called as over a connection. */
export class Ours {
  readonly #dispatcher = new Dispatcher({ nowMs: wallNowMs, random: () => 0, logIn: () => undefined, guest: TEST });
  readonly #reader = new ReplyReader();
  readonly #session = this.#dispatcher.open(
    "test",
    (bytes) => this.#reader.add(Buffer.from(bytes, "latin1")),
    () => {},
  );

  async ask(words: readonly string[]): Promise<Reply> {
    this.#dispatcher.receive(this.#session, words);
    for (;;) {
      const reply = this.#reader.next();
      if (reply !== undefined) return reply;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
}
