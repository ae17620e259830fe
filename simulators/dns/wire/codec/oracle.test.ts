import { fc, test } from "@fast-check/vitest";
import * as oracle from "dns-packet";
import { describe, expect } from "vitest";
import { createTestConsul } from "../../testing.ts";
import { addressBytes } from "./address.ts";
import { decodeQuery } from "./decode.ts";
import { encodeMessage } from "./encode.ts";
import { FLAG, type Message, OPCODE, RCODE, type Rr, TYPE } from "./types.ts";

/*
 * Another implementation of the wire format, dns-packet, as an oracle: both write the same bytes for the same message, and each reads what
 * the other has written.
 */

const label = fc.stringMatching(/^[a-z0-9_-]{1,12}$/);
const name = fc.array(label, { minLength: 1, maxLength: 5 }).map((labels) => `${labels.join(".")}.`);
const ttl = fc.nat(0x7fff_ffff);
const u16 = fc.nat(0xffff);
const u32 = fc.nat(0xffff_ffff);
const text = fc.stringMatching(/^[ -[\]-~]{1,40}$/);

const record: fc.Arbitrary<Rr> = fc.oneof(
  fc.record({ type: fc.constant(TYPE.A), name, ttl, address: fc.ipV4() }),
  fc.record({
    type: fc.constant(TYPE.AAAA),
    name,
    ttl,
    address: fc
      .array(fc.integer({ min: 1, max: 0xffff }), { minLength: 8, maxLength: 8 })
      .map((groups) => groups.map((group) => group.toString(16)).join(":")),
  }),
  fc.record({ type: fc.constantFrom(TYPE.CNAME, TYPE.NS, TYPE.PTR), name, ttl, target: name }),
  fc.record({ type: fc.constant(TYPE.TXT), name, ttl, texts: fc.array(text, { minLength: 1, maxLength: 3 }) }),
  fc.record({ type: fc.constant(TYPE.SRV), name, ttl, priority: u16, weight: u16, port: u16, target: name }),
  fc.record({ type: fc.constant(TYPE.MX), name, ttl, preference: u16, exchange: name }),
  fc.record({
    type: fc.constant(TYPE.SOA),
    name,
    ttl,
    data: fc.record({
      mname: name,
      rname: name,
      serial: u32,
      refresh: u32,
      retry: u32,
      expire: u32,
      minimum: u32,
    }),
  }),
);

const message: fc.Arbitrary<Message> = fc.record({
  id: u16,
  flags: fc
    .subarray([FLAG.AA, FLAG.TC, FLAG.RD, FLAG.RA, FLAG.AD, FLAG.CD])
    .map((bits) => bits.reduce<number>((all, bit) => all | bit, FLAG.QR)),
  opcode: fc.constantFrom(OPCODE.QUERY, OPCODE.NOTIFY),
  rcode: fc.constantFrom(...Object.values(RCODE)),
  question: fc.record({ name, type: fc.constantFrom<number>(TYPE.A, TYPE.SRV, TYPE.TXT), class: fc.constant(1) }),
  answer: fc.array(record, { maxLength: 6 }),
  authority: fc.array(record, { maxLength: 2 }),
  additional: fc.array(record, { maxLength: 4 }),
});

const TYPE_NAMES = new Map<number, string>(Object.entries(TYPE).map(([each, type]) => [type, each]));
const bare = (given: string): string => given.replace(/\.$/, "");

/** The data of a record as the other implementation takes and gives it. */
function dataOf(rr: Rr): unknown {
  switch (rr.type) {
    case TYPE.TXT:
      return rr.texts.map((each) => Buffer.from(each));
    case TYPE.SRV:
      return { priority: rr.priority, weight: rr.weight, port: rr.port, target: bare(rr.target) };
    case TYPE.MX:
      return { preference: rr.preference, exchange: bare(rr.exchange) };
    case TYPE.SOA:
      return { ...rr.data, mname: bare(rr.data.mname), rname: bare(rr.data.rname) };
    default:
      return "address" in rr ? rr.address : "target" in rr ? bare(rr.target) : undefined;
  }
}

const answerOf = (rr: Rr) =>
  ({ type: TYPE_NAMES.get(rr.type), name: bare(rr.name), ttl: rr.ttl, data: dataOf(rr) }) as oracle.Answer;

const packetOf = ({ id, flags, opcode, rcode, question, answer, authority, additional }: Message): oracle.Packet => ({
  type: "response",
  id,
  flags: (flags & 0x7fff) | (opcode << 11) | rcode,
  questions: [{ name: bare(question?.name ?? ""), type: TYPE_NAMES.get(question?.type ?? 0) as "A", class: "IN" }],
  answers: answer.map(answerOf),
  authorities: authority.map(answerOf),
  additionals: additional.map(answerOf),
});

/** Addresses compare by their bytes: the same one can be written in several ways. */
const comparable = (answers: readonly oracle.Answer[] = []): unknown =>
  answers.map((each) => {
    const data = "data" in each ? each.data : undefined;
    const isAddress = each.type === "A" || each.type === "AAAA";
    return [each.name, each.type, "ttl" in each ? each.ttl : 0, isAddress ? addressBytes(String(data)) : data];
  });

const encodedOrNothing = (given: Message, compress: boolean): Buffer =>
  Buffer.from(encodeMessage(given, compress) ?? []);

describe("a message that both implementations know", () => {
  test.prop([message])("has the same bytes when it is not compressed", (given) => {
    expect(encodedOrNothing(given, false).toString("hex")).toBe(oracle.encode(packetOf(given)).toString("hex"));
  });

  test.prop([message, fc.boolean()])("is read by the other as it was meant, compressed or not", (given, compress) => {
    const read = oracle.decode(encodedOrNothing(given, compress));
    const meant = packetOf(given);
    expect([read.id, (read.flags ?? 0) & 0x7fff]).toEqual([meant.id, meant.flags]);
    expect(read.questions).toMatchObject(meant.questions ?? []);
    for (const section of ["answers", "authorities", "additionals"] as const)
      expect(comparable(read[section])).toEqual(comparable(meant[section]));
  });
});

describe("a query that the other implementation writes", () => {
  const options = fc.record({
    // It takes 0 for its own defaults.
    udpBytes: fc.integer({ min: 1, max: 0xffff }),
    sourceBits: fc.integer({ min: 1, max: 32 }),
    address: fc.ipV4(),
  });

  test.prop([
    u16,
    name,
    fc.constantFrom("A" as const, "SRV" as const, "AAAA" as const),
    fc.option(options, { nil: undefined }),
  ])("is read with its question, its size and its subnet", (id, asked, type, edns) => {
    const opt: oracle.OptAnswer | undefined = edns && {
      type: "OPT",
      name: ".",
      udpPayloadSize: edns.udpBytes,
      extendedRcode: 0,
      ednsVersion: 0,
      flags: 0,
      flag_do: false,
      options: [{ code: 8, ip: edns.address, sourcePrefixLength: edns.sourceBits, scopePrefixLength: 0 }],
    };
    const bytes = oracle.encode({
      type: "query",
      id,
      flags: oracle.RECURSION_DESIRED,
      questions: [{ name: bare(asked), type, class: "IN" }],
      additionals: opt === undefined ? [] : [opt],
    });
    const received = decodeQuery(bytes);
    expect(received).toMatchObject({
      kind: "query",
      query: { id, flags: FLAG.RD, opcode: 0, question: { name: asked, type: TYPE[type], class: 1 } },
    });
    if (received.kind !== "query") return;
    expect(received.query.opt?.udpBytes).toBe(edns?.udpBytes);
    expect(received.query.opt?.subnet?.sourceBits).toBe(edns?.sourceBits);
  });
});

describe("bytes that are not a message", () => {
  const header = fc.uint8Array({ minLength: 12, maxLength: 12 });
  const damaged = fc
    .tuple(header, fc.uint8Array({ maxLength: 300 }))
    .map(([head, rest]) => Buffer.concat([head, rest]));
  const cut = fc
    .tuple(message, fc.nat(400))
    .map(([given, length]) => Buffer.from(encodedOrNothing({ ...given, flags: 0 }, true).subarray(0, length)));

  test.prop([fc.oneof(damaged, cut)])("are rejected or ignored, and never make the reader throw", (bytes) => {
    expect(["query", "reject", "silence"]).toContain(decodeQuery(bytes).kind);
  });

  test.prop([fc.oneof(damaged, cut), fc.constantFrom("udp" as const, "tcp" as const)], { numRuns: 50 })(
    "are answered FORMERR or NOTIMP where they are rejected, with a whole header",
    (bytes, transport) => {
      const reply = createTestConsul().dns.answer(bytes, transport);
      if (reply === undefined) return;
      expect(reply.length).toBeGreaterThanOrEqual(12);
      const rejected = decodeQuery(bytes).kind === "reject";
      const rcode = (reply[3] ?? 0) & 0x0f;
      if (rejected) expect([RCODE.FORMERR, RCODE.NOTIMP]).toContain(rcode);
    },
  );
});
