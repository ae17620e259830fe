import { deserialize, serialize } from "bson";
import fc from "fast-check";
import { deflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { anyDocument } from "../testing/values.ts";
import { isIdentical } from "../values/compare.ts";
import { type Document, type Draft } from "../values/value.ts";
import { crc32c } from "./crc32c.ts";
import { decodeDocument, DEPTH_MAX } from "./decode.ts";
import { encodeDocument } from "./encode.ts";
import { ServerError } from "./errors.ts";
import { Frames } from "./frames.ts";
import { HEADER_BYTES, MESSAGE_BYTES_MAX, readMessage, writeReply, writeRequest } from "./message.ts";

const bytesOf = (message: readonly Buffer[]): Buffer => Buffer.concat(message);

/** Every refusal must be one of our own: any other error would end the process. */
function refuses(work: () => unknown): boolean {
  try {
    work();
    return false;
  } catch (error) {
    expect(error).toBeInstanceOf(ServerError);
    return true;
  }
}

describe("documents", () => {
  test("survive a round trip, types included", () => {
    fc.assert(
      fc.property(anyDocument, (document) => {
        const back = decodeDocument(encodeDocument(document));
        expect(isIdentical(back, document)).toBe(true);
      }),
    );
  });

  test("are the bytes that the official library writes, and it reads ours", () => {
    fc.assert(
      fc.property(anyDocument, (document) => {
        const bytes = encodeDocument(document);
        const theirs = Buffer.from(serialize(deserialize(bytes, { promoteValues: false, bsonRegExp: true })));
        expect(bytes.equals(theirs)).toBe(true);
      }),
    );
  });

  test("that are truncated, changed or nested too deeply are refused, without any other effect", () => {
    fc.assert(
      fc.property(anyDocument, fc.nat(), fc.nat(255), (document, at, byte) => {
        const bytes = encodeDocument(document);
        expect(refuses(() => decodeDocument(bytes.subarray(0, at % bytes.length)))).toBe(true);
        const changed = Buffer.from(bytes);
        changed[at % bytes.length] = byte;
        refuses(() => decodeDocument(changed));
      }),
      { numRuns: 500 },
    );
    const nest = (depth: number): Document => {
      let document: Draft = {};
      for (let level = 0; level < depth; level++) document = { d: document };
      return document;
    };
    expect(refuses(() => encodeDocument(nest(DEPTH_MAX + 1)))).toBe(true);
    const deep = Buffer.alloc(8 * 5000, 3);
    deep.writeInt32LE(deep.length, 0);
    expect(refuses(() => decodeDocument(deep))).toBe(true);
    expect(refuses(() => decodeDocument(Buffer.from(serialize(JSON.parse('{"__proto__":{"a":1}}')))))).toBe(true);
  });
});

describe("messages", () => {
  const command = fc.record(
    { ping: fc.constant(1), $db: fc.constant("app"), rest: anyDocument },
    { noNullPrototype: true },
  );

  test("are read whatever pieces they come in", () => {
    fc.assert(
      fc.property(
        fc.array(command, { minLength: 1, maxLength: 4 }),
        fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 20 }),
        (commands, cuts) => {
          const stream = bytesOf(commands.map((body, id) => writeRequest(id, body)));
          const frames = new Frames();
          const read: Document[] = [];
          let at = 0;
          for (const cut of [...cuts, stream.length]) {
            for (const message of frames.push(stream.subarray(at, at + cut))) read.push(readMessage(message).body);
            at = Math.min(stream.length, at + cut);
          }
          expect(isIdentical(read, commands)).toBe(true);
          expect(frames.isPartial).toBe(false);
        },
      ),
    );
  });

  test("are read or refused, whatever their bytes", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 16, maxLength: 200 }),
        fc.constantFrom(2013, 2004, 2012, 1),
        fc.boolean(),
        (random, operation, isRight) => {
          const message = Buffer.from(random);
          if (isRight) message.writeInt32LE(message.length, 0);
          message.writeInt32LE(operation, 12);
          refuses(() => readMessage(message));
          refuses(() => [...new Frames().push(message)]);
        },
      ),
      { numRuns: 1000 },
    );
  });

  test("that declare too great or too small a length are refused before they arrive", () => {
    for (const length of [-1, 0, HEADER_BYTES - 1, MESSAGE_BYTES_MAX + 1, 0x7fffffff]) {
      const head = Buffer.alloc(4);
      head.writeInt32LE(length, 0);
      expect(refuses(() => [...new Frames().push(head)])).toBe(true);
    }
  });

  test("with a checksum are verified", () => {
    const plain = writeRequest(1, { ping: 1, $db: "app" });
    const summed = Buffer.concat([plain, Buffer.alloc(4)]);
    summed.writeInt32LE(summed.length, 0);
    summed.writeUInt32LE(1, HEADER_BYTES);
    summed.writeUInt32LE(crc32c(summed.subarray(0, -4)), summed.length - 4);
    expect(readMessage(summed).body).toEqual({ ping: 1, $db: "app" });
    summed[summed.length - 1] = (summed.at(-1) ?? 0) ^ 1;
    expect(refuses(() => readMessage(summed))).toBe(true);
    // The check value of the catalogue of CRC algorithms.
    expect(crc32c(Buffer.from("123456789"))).toBe(0xe3069283);
  });

  test("that are compressed are read and answered likewise; one that expands to more than it declares is refused", () => {
    const plain = writeRequest(7, { ping: 1, $db: "app" }).subarray(HEADER_BYTES);
    const pack = (content: Buffer, length: number): Buffer => {
      const head = Buffer.alloc(HEADER_BYTES + 9);
      const packed = deflateSync(content);
      head.writeInt32LE(head.length + packed.length, 0);
      head.writeInt32LE(7, 4);
      head.writeInt32LE(2012, 12);
      head.writeInt32LE(2013, HEADER_BYTES);
      head.writeInt32LE(length, HEADER_BYTES + 4);
      head[HEADER_BYTES + 8] = 2;
      return Buffer.concat([head, packed]);
    };
    const request = readMessage(pack(plain, plain.length));
    expect(request).toMatchObject({ id: 7, isCompressed: true, body: { ping: 1 } });
    expect(writeReply(request, { ok: 1 }).readInt32LE(12)).toBe(2012);
    for (const length of [plain.length - 1, plain.length + 1, -1, MESSAGE_BYTES_MAX + 1])
      expect(refuses(() => readMessage(pack(plain, length)))).toBe(true);
    expect(refuses(() => readMessage(pack(Buffer.alloc(10_000_000), 100)))).toBe(true);
  });

  test("may bring lists beside the command, each once", () => {
    const kindOne = (name: string, documents: readonly Document[]): Buffer => {
      const content = Buffer.concat([Buffer.from(`${name}\0`), ...documents.map(encodeDocument)]);
      const head = Buffer.alloc(5);
      head[0] = 1;
      head.writeInt32LE(content.length + 4, 1);
      return Buffer.concat([head, content]);
    };
    const withLists = (...lists: Buffer[]): Buffer => {
      const message = Buffer.concat([writeRequest(1, { insert: "x", $db: "app" }), ...lists]);
      message.writeInt32LE(message.length, 0);
      return message;
    };
    const documents = [{ _id: 1 }, { _id: 2 }];
    expect(readMessage(withLists(kindOne("documents", documents))).body).toEqual({
      insert: "x",
      $db: "app",
      documents,
    });
    expect(refuses(() => readMessage(withLists(kindOne("documents", []), kindOne("documents", []))))).toBe(true);
    expect(refuses(() => readMessage(withLists(kindOne("insert", []))))).toBe(true);
  });
});
