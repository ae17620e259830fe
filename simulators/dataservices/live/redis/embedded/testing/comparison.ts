import { isDeepStrictEqual } from "node:util";
import { wallNowMs } from "../../../../../kernel/edge/drive.ts";
import type { Reply } from "../../resp/reply.ts";
import { ReplyReader } from "../../resp/replies.ts";
import { Dispatcher } from "../dispatcher.ts";

/** Commands whose replies have no order of their own. */
const UNORDERED = new Set(["keys", "scan", "smembers", "sinter", "sunion", "sdiff", "sscan"]);
/** Commands whose replies hold times. */
const TIMED = new Set(["ttl", "expiretime"]);

/**
 * Are two replies to the same call the same? Of a call with several faults either server may name another one first, so it is enough
 * that both refuse; the words of refusals are compared on calls with one fault (`oracle.test.ts`).
 */
export function areAlike(name: string, ours: Reply, theirs: Reply): boolean {
  if (ours.type === "error" && theirs.type === "error") return true;
  return isDeepStrictEqual(normal(name, ours), normal(name, theirs));
}

/** A reply as both servers should give it: without what time and the inner order of a server put into it. */
export function normal(name: string, reply: Reply): unknown {
  if (TIMED.has(name) && reply.type === "integer") return Number(reply.value) > 0 ? "some" : reply.value;
  const plain = plainOf(reply);
  if (name === "xpending" && Array.isArray(plain))
    return plain.map((each) => (Array.isArray(each) ? withoutTime(each) : each));
  return UNORDERED.has(name) ? inTextOrder(plain) : plain;
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
      return { double: Number(reply.value.toPrecision(12)) };
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

/** Servers differ in how many digits of a fraction they write. */
const numberOr = (text: string): unknown =>
  /^-?\d+\.\d+(e[+-]\d+)?$/.test(text) ? Number(Number(text).toPrecision(12)) : text;

/** Our engine, asked as over a connection. */
export class Ours {
  readonly #dispatcher = new Dispatcher({ nowMs: wallNowMs, random: () => 0, logIn: () => undefined });
  readonly #reader = new ReplyReader();
  readonly #session = this.#dispatcher.open(
    "test",
    (bytes) => this.#reader.add(Buffer.from(bytes, "latin1")),
    () => {},
  );

  constructor() {
    this.#session.identity = { username: "test", isOperator: true };
  }

  async ask(words: readonly string[]): Promise<Reply> {
    this.#dispatcher.receive(this.#session, words);
    for (;;) {
      const reply = this.#reader.next();
      if (reply !== undefined) return reply;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
}
