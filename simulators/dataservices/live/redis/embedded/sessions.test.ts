import { describe, expect, it } from "vitest";
import type { Reply } from "../resp/reply.ts";
import { ReplyReader } from "../resp/replies.ts";
import { Dispatcher } from "./dispatcher.ts";
import type { Session } from "./session.ts";

const GUEST = { username: "test", isOperator: true };

/** Several clients of one engine. */
class Clients {
  nowMs = 1_000_000;
  readonly #dispatcher = new Dispatcher({
    nowMs: () => this.nowMs,
    random: () => 0,
    logIn: () => undefined,
    guest: GUEST,
  });
  readonly #readers = new Map<Session, ReplyReader>();

  open(): Session {
    const reader = new ReplyReader();
    const session = this.#dispatcher.open(
      "test",
      (bytes) => reader.add(Buffer.from(bytes, "latin1")),
      () => {},
    );
    this.#readers.set(session, reader);
    return session;
  }

  /** Sends a line of words; returns what has come since the last time. */
  say(session: Session, line: string): readonly unknown[] {
    this.#dispatcher.receive(session, line.split(" "));
    return this.heard(session);
  }

  heard(session: Session): readonly unknown[] {
    const all: unknown[] = [];
    const reader = this.#readers.get(session);
    for (let reply = reader?.next(); reply !== undefined; reply = reader?.next()) all.push(plainOf(reply));
    return all;
  }
}

function plainOf(reply: Reply): unknown {
  if (reply.type === "array" || reply.type === "push") return reply.items?.map(plainOf) ?? null;
  if (reply.type === "integer") return Number(reply.value);
  return "text" in reply ? reply.text : reply;
}

describe("clients of one engine", () => {
  it("are served in the order in which they began to wait, each only once", () => {
    const clients = new Clients();
    const [late, early, other] = [clients.open(), clients.open(), clients.open()];
    clients.say(early, "BLPOP list 0");
    clients.say(late, "BLPOP list 0");
    expect(clients.say(other, "RPUSH list a")).toEqual([1]);
    expect([clients.heard(early), clients.heard(late)]).toEqual([[["list", "a"]], []]);
    clients.say(other, "RPUSH list b");
    expect([clients.heard(early), clients.heard(late)]).toEqual([[], [["list", "b"]]]);
    expect(clients.say(other, "LLEN list")).toEqual([0]);
  });

  it("get nothing, while they wait, between the commands of a transaction", () => {
    const clients = new Clients();
    const [waiting, other] = [clients.open(), clients.open()];
    clients.say(waiting, "BLPOP list 0");
    for (const line of ["MULTI", "RPUSH list a", "DEL list", "RPUSH list b"]) clients.say(other, line);
    clients.say(other, "EXEC");
    expect(clients.heard(waiting)).toEqual([["list", "b"]]);
  });

  it("lose a transaction when a watched key is touched, even by expiry", () => {
    const clients = new Clients();
    const [one, other] = [clients.open(), clients.open()];
    const transact = (line: string): readonly unknown[] => {
      clients.say(one, "WATCH k");
      clients.say(one, "MULTI");
      clients.say(one, "SET k mine");
      if (line !== "") clients.say(other, line);
      return clients.say(one, "EXEC");
    };
    expect(transact("")).toEqual([["OK"]]);
    expect(transact("SET k theirs")).toEqual([null]);
    expect(transact("GET k")).toEqual([["OK"]]);
    clients.say(other, "PEXPIRE k 5");
    clients.say(one, "WATCH k");
    clients.say(one, "MULTI");
    clients.say(one, "SET k mine");
    clients.nowMs += 10;
    expect(clients.say(other, "EXISTS k")).toEqual([0]);
    expect(clients.say(one, "EXEC")).toEqual([null]);
  });

  it("receive what is published to channels, patterns and shards, each in its own form", () => {
    const clients = new Clients();
    const [one, other] = [clients.open(), clients.open()];
    expect(clients.say(one, "SUBSCRIBE news")).toEqual([["subscribe", "news", 1]]);
    expect(clients.say(one, "PSUBSCRIBE n*")).toEqual([["psubscribe", "n*", 2]]);
    expect(clients.say(one, "SSUBSCRIBE shard")).toEqual([["ssubscribe", "shard", 1]]);
    expect(clients.say(other, "PUBLISH news hello")).toEqual([2]);
    expect(clients.say(other, "SPUBLISH shard hello")).toEqual([1]);
    expect(clients.heard(one)).toEqual([
      ["message", "news", "hello"],
      ["pmessage", "n*", "news", "hello"],
      ["smessage", "shard", "hello"],
    ]);
    expect(clients.say(one, "GET k")[0]).toMatch(/^ERR Can't execute 'get'/);
    expect(clients.say(one, "PUNSUBSCRIBE")).toEqual([["punsubscribe", "n*", 1]]);
    expect(clients.say(one, "SUNSUBSCRIBE")).toEqual([["sunsubscribe", "shard", 0]]);
    expect(clients.say(one, "UNSUBSCRIBE")).toEqual([["unsubscribe", "news", 0]]);
    expect(clients.say(one, "UNSUBSCRIBE")).toEqual([["unsubscribe", null, 0]]);
    expect(clients.say(other, "PUBLISH news hello")).toEqual([0]);
  });

  it("learn what is not simulated", () => {
    const clients = new Clients();
    expect(clients.say(clients.open(), "EVAL 1 0")).toEqual(["ERR not simulated: scripts and functions"]);
    expect(clients.say(clients.open(), "CONFIG GET maxmemory")[0]).toMatch(/^ERR not simulated: CONFIG/);
  });
});
