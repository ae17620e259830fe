import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { Kernel } from "../../kernel/index.ts";
import { buildQuery, readReply } from "../parity/message.ts";
import { answerStrictly } from "./answer.ts";
import { createZone, createZoneServer, recordOf, type RecordSet, typeNumber, type Zone } from "./index.ts";

const text = (name: string, type: string, ttl: number, ...records: readonly string[]): RecordSet => ({
  name,
  type: typeNumber(type) ?? 0,
  records: records.flatMap((record) => recordOf(name, type, ttl, record) ?? []),
});

const LONG = Array.from({ length: 8 }, (_, at) => `"${String(at).repeat(200)}"`);

const EXAMPLE = createZone("example.test.", [
  text("example.test.", "SOA", 3600, "ns1.example.test. hostmaster.example.test. 7 3600 600 86400 300"),
  text("example.test.", "NS", 3600, "ns1.example.test."),
  text("example.test.", "MX", 300, "10 mail.example.test."),
  text("ns1.example.test.", "A", 3600, "192.0.2.1"),
  text("mail.example.test.", "A", 300, "192.0.2.2", "192.0.2.3"),
  text("Www.example.test.", "CNAME", 300, "web.example.test."),
  text("web.example.test.", "A", 60, "192.0.2.4"),
  text("dead.example.test.", "CNAME", 300, "nothing.example.test."),
  text("out.example.test.", "CNAME", 300, "www.example.net."),
  text("loop.example.test.", "CNAME", 300, "loop2.example.test."),
  text("loop2.example.test.", "CNAME", 300, "loop.example.test."),
  text("a.b.deep.example.test.", "TXT", 300, '"x" "y"'),
  text("long.example.test.", "TXT", 300, ...LONG),
  text("*.wild.example.test.", "A", 300, "192.0.2.9"),
  text("real.wild.example.test.", "TXT", 300, "here"),
  text("child.example.test.", "NS", 300, "ns.child.example.test.", "ns1.example.test."),
  text("ns.child.example.test.", "A", 300, "192.0.2.53"),
  text("_db._tcp.example.test.", "SRV", 300, "1 2 5432 web.example.test."),
  text("key.example.test.", "SSHFP", 300, "1 1 0123456789abcdef0123456789abcdef01234567"),
  text("caa.example.test.", "CAA", 300, "0 issue ca.example.net"),
  text("naptr.example.test.", "NAPTR", 300, '10 20 "S" "SIP+D2U" "" _sip._udp.example.test.'),
  text("cert.example.test.", "CERT", 300, "PGP 0 0 aGVsbG8="),
]);

const zones = (...list: readonly Zone[]): ReadonlyMap<string, Zone> => new Map(list.map((zone) => [zone.name, zone]));
const HOSTING = { zones: zones(EXAMPLE), transfers: true };

const bytesOf = (question: string, udpBytes?: number): Buffer => Buffer.from(buildQuery(question, 0x1234, udpBytes));
/** A question of a type that has no name in this codec. */
const bytesOfType = (name: string, type: number): Buffer => {
  const bytes = bytesOf(`${name} A`);
  bytes.writeUInt16BE(type, bytes.length - 4);
  return bytes;
};
const reply = (message: Uint8Array, transport: "udp" | "tcp" = "udp") => {
  const [first] = answerStrictly(HOSTING, message, transport);
  return first === undefined ? undefined : readReply(Buffer.from(first));
};
const ask = (question: string, udpBytes?: number) => reply(bytesOf(question, udpBytes));
const OPT_VERSION_FROM_END = 6;
const OPT_FLAGS_FROM_END = 4;

describe("names of a zone", () => {
  it.each([
    ["web.example.test. A", "NOERROR", ["192.0.2.4"]],
    ["WEB.Example.Test. A", "NOERROR", ["192.0.2.4"]],
    ["mail.example.test. A", "NOERROR", ["192.0.2.2", "192.0.2.3"]],
    ["www.example.test. A", "NOERROR", ["web.example.test.", "192.0.2.4"]],
    ["www.example.test. CNAME", "NOERROR", ["web.example.test."]],
    ["dead.example.test. A", "NXDOMAIN", ["nothing.example.test."]],
    ["out.example.test. A", "NOERROR", ["www.example.net."]],
    ["any.wild.example.test. A", "NOERROR", ["192.0.2.9"]],
    ["real.wild.example.test. A", "NOERROR", []],
    ["below.real.wild.example.test. A", "NXDOMAIN", []],
    ["deep.example.test. A", "NOERROR", []],
    ["b.deep.example.test. TXT", "NOERROR", []],
    ["none.example.test. A", "NXDOMAIN", []],
    ["web.example.test. AAAA", "NOERROR", []],
    ["example.net. A", "REFUSED", []],
    ["test. A", "REFUSED", []],
  ])("%s is %s %j", (question, rcode, data) => {
    const found = ask(question);
    expect(found).toMatchObject({ rcode, question: [`${question} IN`] });
    expect(found?.answer.map((record) => record.data)).toEqual(data);
    expect(found?.flags.includes("aa")).toBe(rcode !== "REFUSED");
  });

  it("end their answer where aliases loop", () => {
    expect(ask("loop.example.test. A")?.answer).toHaveLength(2);
  });

  it("are denied with the SOA, for no longer than its minimum", () => {
    for (const question of ["none.example.test. A", "web.example.test. MX", "deep.example.test. A"])
      expect(ask(question)?.authority).toMatchObject([{ name: "example.test.", type: "SOA", ttl: 300 }]);
    expect(ask("example.net. A")?.authority).toEqual([]);
  });

  it("below a delegation get a referral with glue and without AA; its DS is denied by the parent", () => {
    for (const question of ["x.child.example.test. A", "child.example.test. NS"]) {
      const found = ask(question);
      expect(found).toMatchObject({ rcode: "NOERROR", answer: [] });
      expect(found?.flags).not.toContain("aa");
      expect(found?.authority.map(({ data }) => data)).toEqual(["ns.child.example.test.", "ns1.example.test."]);
      expect(found?.additional.map(({ data }) => data).sort()).toEqual(["192.0.2.1", "192.0.2.53"]);
    }
    expect(ask("child.example.test. DS")).toMatchObject({ rcode: "NOERROR", authority: [{ type: "SOA" }] });
    expect(ask("child.example.test. DS")?.flags).toContain("aa");
  });

  it("come with the addresses of the servers that they name", () => {
    expect(ask("_db._tcp.example.test. SRV")?.additional).toMatchObject([{ type: "A", data: "192.0.2.4" }]);
    expect(ask("example.test. MX")?.additional).toHaveLength(2);
  });

  it("can have records of any type; an unknown type has no data", () => {
    expect(reply(bytesOfType("web.example.test.", 65_280))).toMatchObject({
      rcode: "NOERROR",
      authority: [{ type: "SOA" }],
    });
    expect(
      ask("example.test. ANY")
        ?.answer.map(({ type }) => type)
        .sort(),
    ).toEqual(["MX", "NS", "SOA"]);
    for (const [name, length] of [
      ["key", 22],
      ["caa", 21],
      ["naptr", 39],
      ["cert", 10],
    ] as const) {
      const code = { key: 44, caa: 257, naptr: 35, cert: 37 }[name];
      const [message] = answerStrictly(HOSTING, bytesOfType(`${name}.example.test.`, code), "udp");
      const bytes = Buffer.from(message ?? []);
      expect(bytes.readUInt16BE(6)).toBe(1);
      expect(bytes.readUInt16BE(bytes.length - length - 2)).toBe(length);
    }
  });
});

describe("a header", () => {
  const change = (at: number, value: number, question = "web.example.test. A", udpBytes?: number): Buffer => {
    const bytes = bytesOf(question, udpBytes);
    bytes[at] = value;
    return bytes;
  };

  it("echoes the id and RD; Z, AD, CD, RA and TC of the question don't come back", () => {
    const bytes = change(2, 0x07);
    bytes[3] = 0xf0;
    expect(reply(bytes)?.flags).toEqual(["qr", "aa", "rd"]);
    expect(answerStrictly(HOSTING, bytes, "udp")[0]?.subarray(0, 2)).toEqual(Buffer.from([0x12, 0x34]));
    expect(reply(change(2, 0x00))?.flags).toEqual(["qr", "aa"]);
  });

  it.each([
    ["IQUERY", 0x08, "NOTIMP"],
    ["STATUS", 0x10, "NOTIMP"],
    ["NOTIFY", 0x20, "NOTAUTH"],
    ["UPDATE", 0x28, "NOTIMP"],
    ["15", 0x78, "NOTIMP"],
  ])("with opcode %s (byte %i) is answered %s", (_name, byte, rcode) => {
    const [message] = answerStrictly(HOSTING, change(2, byte), "udp");
    expect((message?.[2] ?? 0) & 0x78).toBe(byte);
    expect((message?.[3] ?? 0) & 0x0f).toBe({ NOTIMP: 4, NOTAUTH: 9 }[rcode]);
  });

  it("that is an answer, or shorter than a header, is ignored", () => {
    expect(reply(change(2, 0x80))).toBeUndefined();
    expect(reply(bytesOf("web.example.test. A").subarray(0, 11))).toBeUndefined();
  });

  it.each([
    ["no question", (bytes: Buffer) => bytes.subarray(0, 12), (bytes: Buffer) => void (bytes[5] = 0)],
    ["two questions", (bytes: Buffer) => bytes, (bytes: Buffer) => void (bytes[5] = 2)],
    ["a question that is cut", (bytes: Buffer) => bytes.subarray(0, bytes.length - 3), () => {}],
    ["more records than there are", (bytes: Buffer) => bytes, (bytes: Buffer) => void (bytes[11] = 1)],
    ["a pointer in its question", (bytes: Buffer) => bytes, (bytes: Buffer) => void (bytes[12] = 0xc0)],
    ["a label of an unknown kind", (bytes: Buffer) => bytes, (bytes: Buffer) => void (bytes[12] = 0x41)],
  ])("with %s is FORMERR", (_what, cut, damage) => {
    const bytes = bytesOf("web.example.test. A");
    damage(bytes);
    expect(reply(cut(bytes))?.rcode).toBe("FORMERR");
  });

  it("of another class is refused, and one of class ANY is answered without AA", () => {
    const of = (low: number): ReturnType<typeof reply> => {
      const bytes = bytesOf("web.example.test. A");
      bytes[bytes.length - 1] = low;
      return reply(bytes);
    };
    expect(of(3)?.rcode).toBe("REFUSED");
    expect(of(0)?.rcode).toBe("REFUSED");
    expect(of(255)).toMatchObject({ rcode: "NOERROR", flags: ["qr", "rd"], answer: [{ data: "192.0.2.4" }] });
  });
});

describe("EDNS", () => {
  const fromEnd = (back: number, value: number): Buffer => {
    const bytes = bytesOf("web.example.test. A", 4096);
    bytes[bytes.length - back] = value;
    return bytes;
  };

  it("is answered with the server's own size, whatever the answer, and only if the client sent one", () => {
    for (const question of ["web.example.test. A", "none.example.test. A", "example.net. A"])
      expect(ask(question, 4096)?.edns).toMatchObject({ udp: 1232 });
    expect(ask("web.example.test. A")?.edns).toBeUndefined();
  });

  it("of another version is BADVERS without an answer", () => {
    const [message] = answerStrictly(HOSTING, fromEnd(OPT_VERSION_FROM_END - 1, 1), "udp");
    const bytes = Buffer.from(message ?? []);
    expect(bytes.readUInt8(3) & 0x0f).toBe(0);
    expect(bytes.readUInt16BE(6)).toBe(0);
    expect(bytes.readUInt32BE(bytes.length - OPT_VERSION_FROM_END)).toBe(0x01000000);
  });

  it("has DO copied and unknown flags cleared", () => {
    const bytes = fromEnd(OPT_FLAGS_FROM_END, 0xff);
    const [message] = answerStrictly(HOSTING, bytes, "udp");
    const answer = Buffer.from(message ?? []);
    expect(answer.readUInt16BE(answer.length - OPT_FLAGS_FROM_END)).toBe(0x8000);
  });

  it("is FORMERR if there are two, it has an owner, or an option overruns; unknown options are ignored", () => {
    const base = bytesOf("web.example.test. A", 4096);
    const opt = base.subarray(base.length - 11);
    const twice = Buffer.concat([base, opt]);
    twice[11] = 2;
    expect(reply(twice)?.rcode).toBe("FORMERR");
    const owned = Buffer.concat([base.subarray(0, base.length - 11), Buffer.from([1, 0x78]), opt]);
    expect(reply(owned)?.rcode).toBe("FORMERR");
    const withOption = (length: number): Buffer => {
      const bytes = Buffer.concat([base, Buffer.from([0xff, 0x01, 0, length, 1, 2])]);
      bytes.writeUInt16BE(6, base.length - 2);
      return bytes;
    };
    expect(reply(withOption(2))?.rcode).toBe("NOERROR");
    expect(reply(withOption(9))?.rcode).toBe("FORMERR");
  });
});

describe("an answer that is too large", () => {
  it("is cut to an empty answer with TC and OPT over UDP, and is whole over TCP", () => {
    const cut = ask("long.example.test. TXT", 1232);
    expect(cut).toMatchObject({ flags: ["qr", "aa", "tc", "rd"], answer: [], edns: { udp: 1232 } });
    const whole = reply(bytesOf("long.example.test. TXT"), "tcp");
    expect(whole?.answer).toHaveLength(8);
    expect(whole?.flags).not.toContain("tc");
  });

  test.prop([
    fc.constantFrom("long", "mail", "web", "none", "www"),
    fc.constantFrom("TXT", "A", "ANY", "MX"),
    fc.nat(0xffff),
  ])("never exceeds the client's limit", (name, type, udpBytes) => {
    const [message] = answerStrictly(HOSTING, bytesOf(`${name}.example.test. ${type}`, udpBytes), "udp");
    expect(message?.length).toBeLessThanOrEqual(Math.min(1232, Math.max(512, udpBytes)));
  });
});

describe("a transfer", () => {
  it("begins and ends with the SOA, with every record in between, and does not exist over UDP", () => {
    const messages = answerStrictly(HOSTING, bytesOf("example.test. AXFR"), "tcp");
    const records = messages.flatMap((message) => readReply(Buffer.from(message)).answer);
    expect(records[0]).toMatchObject({ type: "SOA", data: { serial: 7 } });
    expect(records.at(-1)).toEqual(records[0]);
    const all = [...EXAMPLE.names.values()].flatMap((sets) => [...sets.values()]).flatMap((set) => set.records);
    expect(records).toHaveLength(all.length + 1);
    expect(reply(bytesOf("example.test. AXFR"))?.rcode).toBe("NOTIMP");
    expect(reply(bytesOf("web.example.test. AXFR"), "tcp")?.rcode).toBe("NOTAUTH");
    expect(reply(bytesOfType("example.test.", 251))).toMatchObject({ answer: [{ type: "SOA" }] });
  });

  it("is refused if it is not allowed", () => {
    const [message] = answerStrictly({ ...HOSTING, transfers: false }, bytesOf("example.test. AXFR"), "tcp");
    expect(readReply(Buffer.from(message ?? [])).rcode).toBe("REFUSED");
  });
});

describe("any packet", () => {
  const server = createZoneServer(new Kernel({ seed: 1 }), { hosting: () => HOSTING });
  test.prop([fc.uint8Array({ maxLength: 120 }), fc.constantFrom("udp" as const, "tcp" as const)])(
    "is answered with its id and QR or not at all",
    (bytes, transport) => {
      const answer = server.answer(bytes, transport);
      if (answer === undefined) return;
      expect(answer.subarray(0, 2)).toEqual(Buffer.from(bytes.subarray(0, 2)));
      expect((answer[2] ?? 0) & 0x80).toBe(0x80);
    },
  );
});
