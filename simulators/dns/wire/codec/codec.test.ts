import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { buildQuery, readReply } from "../../parity/message.ts";
import { addressBytes, addressText, reverseName } from "./address.ts";
import { decodeQuery } from "./decode.ts";
import { encodeMessage, sizeOf } from "./encode.ts";
import { Frames, frameMessage } from "./frames.ts";
import { labelsOf, readName, writeLabel } from "./names.ts";
import { FLAG, type Message, RCODE, type Rr, TYPE } from "./types.ts";

const label = fc.stringMatching(/^[a-z0-9_-]{1,12}$/);
const name = fc.array(label, { minLength: 1, maxLength: 5 }).map((labels) => `${labels.join(".")}.`);
const ttl = fc.integer({ min: 0, max: 0x7fff_ffff });
const four = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255)).map((bytes) => bytes.join("."));
const u16 = fc.nat(0xffff);

const record: fc.Arbitrary<Rr> = fc.oneof(
  fc.record({ type: fc.constant(TYPE.A), name, ttl, address: four }),
  fc.record({ type: fc.constantFrom(TYPE.CNAME, TYPE.NS, TYPE.PTR), name, ttl, target: name }),
  fc.record({
    type: fc.constant(TYPE.TXT),
    name,
    ttl,
    texts: fc.array(fc.stringMatching(/^[ -[\]-~]{0,40}$/), { minLength: 1, maxLength: 3 }),
  }),
  fc.record({ type: fc.constant(TYPE.SRV), name, ttl, priority: u16, weight: u16, port: u16, target: name }),
);

const message: fc.Arbitrary<Message> = fc.record({
  id: u16,
  flags: fc.constantFrom<number>(FLAG.QR, FLAG.QR | FLAG.AA | FLAG.RD),
  opcode: fc.constant(0),
  rcode: fc.constantFrom(RCODE.NOERROR, RCODE.NXDOMAIN),
  question: fc.record({ name, type: fc.constantFrom<number>(TYPE.A, TYPE.SRV), class: fc.constant(1) }),
  answer: fc.array(record, { maxLength: 6 }),
  authority: fc.array(record, { maxLength: 2 }),
  additional: fc.array(record, { maxLength: 4 }),
});

/** The values that the reader of the bytes must find. */
const shownData = (rr: Rr): unknown => {
  if (rr.type === TYPE.SRV) return { priority: rr.priority, weight: rr.weight, port: rr.port, target: rr.target };
  if (rr.type === TYPE.TXT) return rr.texts;
  return "address" in rr ? rr.address : "target" in rr ? rr.target : undefined;
};

describe("messages", () => {
  test.prop([message, fc.boolean()])("are read as they were written, compressed or not", (given, compress) => {
    const bytes = Buffer.from(encodeMessage(given, compress) as Uint8Array);
    const read = readReply(bytes);
    for (const section of ["answer", "authority", "additional"] as const) {
      expect(read[section].map((rr) => [rr.name, rr.ttl, rr.data])).toEqual(
        given[section].map((rr) => [rr.name, rr.ttl, shownData(rr)]),
      );
    }
    expect(sizeOf(given, compress)).toBe(bytes.length);
  });

  test.prop([message])("are never longer with compression than without", (given) => {
    expect(sizeOf(given, true)).toBeLessThanOrEqual(sizeOf(given, false));
  });

  test.prop([name, fc.constantFrom("A", "SRV", "TXT", "ANY"), fc.option(fc.nat(0xffff), { nil: undefined })])(
    "that are queries are received as they were built",
    (asked, type, udpBytes) => {
      const received = decodeQuery(buildQuery(`${asked} ${type}`, 7, udpBytes));
      expect(received.kind).toBe("query");
      if (received.kind !== "query") return;
      expect(received.query.question).toEqual({ name: asked, type: TYPE[type], class: 1 });
      expect(received.query.opt?.udpBytes).toBe(udpBytes);
    },
  );

  test.prop([fc.uint8Array({ maxLength: 300 })])("of any bytes are received without a crash", (bytes) => {
    expect(["query", "reject", "silence"]).toContain(decodeQuery(Buffer.from(bytes)).kind);
  });

  test("can't be written with a name or a string that is too long", () => {
    const answer = (texts: string): Message => ({
      id: 1,
      flags: FLAG.QR,
      opcode: 0,
      rcode: RCODE.NOERROR,
      question: undefined,
      authority: [],
      additional: [],
      answer: [{ type: TYPE.TXT, name: "a.", ttl: 0, texts: [texts] }],
    });
    expect(encodeMessage(answer("x".repeat(255)), true)).toBeDefined();
    expect(encodeMessage(answer("x".repeat(256)), true)).toBeUndefined();
    const long = {
      ...answer("x"),
      answer: [{ type: TYPE.NS, name: `${"x".repeat(64)}.`, ttl: 0, target: "a." }] satisfies Rr[],
    };
    expect(encodeMessage(long, true)).toBeUndefined();
  });
});

describe("compression", () => {
  const reply = (answer: Rr[]): Message => ({
    id: 1,
    flags: FLAG.QR,
    opcode: 0,
    rcode: RCODE.NOERROR,
    question: { name: "web.consul.", type: TYPE.SRV, class: 1 },
    answer,
    authority: [],
    additional: [],
  });

  test("spares the target of an SRV, which old readers can't expand", () => {
    const srv = { type: TYPE.SRV, name: "web.consul.", ttl: 0, priority: 1, weight: 1, port: 1, target: "web.consul." };
    const bytes = Buffer.from(encodeMessage(reply([srv]), true) ?? []);
    expect(bytes.includes("\u0003web\u0006consul\u0000", 12 + 12)).toBe(true);
  });

  test("points to nothing beyond the 14 bits of a pointer", () => {
    const texts = Array.from({ length: 70 }, () => "x".repeat(250));
    const far = { type: TYPE.NS, name: "web.consul.", ttl: 0, target: "far.example." } as const;
    const filler = { type: TYPE.TXT, name: "web.consul.", ttl: 0, texts } as const;
    const read = readReply(Buffer.from(encodeMessage(reply([filler, far, far]), true) ?? []));
    expect(read.answer.slice(1).map(({ data }) => data)).toEqual(["far.example.", "far.example."]);
  });

  test("keeps labels of 63 bytes, the longest there are", () => {
    const target = `${"x".repeat(63)}.consul.`;
    const alias = { type: TYPE.CNAME, name: "web.consul.", ttl: 0, target } as const;
    expect(readReply(Buffer.from(encodeMessage(reply([alias]), true) ?? [])).answer[0]?.data).toBe(target);
  });
});

describe("names", () => {
  const bytes = fc.array(fc.uint8Array({ minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 6 });

  test.prop([bytes])("of any bytes survive being read and written", (labels) => {
    const wire = Buffer.concat([
      ...labels.flatMap((each) => [Buffer.from([each.length]), Buffer.from(each)]),
      Buffer.from([0]),
    ]);
    const read = readName(wire, 0);
    expect(read?.next).toBe(wire.length);
    const text = read?.name ?? "";
    expect(labelsOf(text)).toHaveLength(labels.length);
    const target = Buffer.alloc(wire.length);
    let at = 0;
    for (let from = 0; from < text.length; at += 1 + (target[at] as number)) from = writeLabel(target, at, text, from);
    expect(target.equals(wire)).toBe(true);
  });

  test("that point to themselves or ahead are refused", () => {
    expect(readName(Buffer.from([0xc0, 0x00]), 0)).toBeUndefined();
    expect(readName(Buffer.from([0xc0, 0x09]), 0)).toBeUndefined();
    expect(readName(Buffer.from([0x41]), 0)).toBeUndefined();
  });
});

describe("addresses", () => {
  test.prop([fc.ipV4()])("of four bytes are read as they are written", (text) => {
    expect(addressText(addressBytes(text) as number[])).toBe(text);
  });

  test.prop([fc.array(fc.nat(255), { minLength: 16, maxLength: 16 })])(
    "of sixteen bytes are written so that they are read back",
    (bytes) => {
      const isMapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
      expect(addressBytes(addressText(bytes))).toEqual(isMapped ? bytes.slice(12) : bytes);
    },
  );

  test("have reverse names", () => {
    expect(reverseName([10, 0, 0, 1])).toBe("1.0.0.10.in-addr.arpa.");
    expect(reverseName(addressBytes("2001:db8::1") as number[])).toBe(`1.${"0.".repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa.`);
  });
});

describe("frames", () => {
  test.prop([
    fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 6 }),
    fc.integer({ min: 1, max: 7 }),
  ])("come out complete however the stream was cut", (messages, pieceBytes) => {
    const stream = Buffer.concat(messages.map(frameMessage));
    const frames = new Frames();
    const seen: string[] = [];
    for (let at = 0; at < stream.length; at += pieceBytes)
      seen.push(...frames.push(stream.subarray(at, at + pieceBytes)).map((each) => each.toString("hex")));
    expect(seen).toEqual(messages.map((each) => Buffer.from(each).toString("hex")));
  });
});
