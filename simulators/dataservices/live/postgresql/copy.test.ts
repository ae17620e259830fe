import { Duplex } from "node:stream";
import { fc, test } from "@fast-check/vitest";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { copyIn, copyOut } from "./copy.ts";

/** A message of PostgreSQL's protocol (55.7 of its manual). */
function message(type: string, ...parts: readonly (string | Buffer)[]): Buffer {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part)));
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

const LOGGED_IN = message("R", Buffer.alloc(4));
const READY = message("Z", "I");
const COPY_OUT = message("H", Buffer.alloc(3));
const COPY_IN = message("G", Buffer.alloc(3));
const COPY_DONE = message("c");
const complete = (tag: string): Buffer => message("C", `${tag}\0`);
const error = (code: string): Buffer => message("E", `SERROR\0VERROR\0C${code}\0Mno\0\0`);

/** A connection to a server in memory that answers every query with the same bytes, in pieces of these sizes, and then hangs up if asked to. */
class Answering extends Duplex {
  readonly #answer: Buffer;
  readonly #sizes: readonly number[];
  readonly #hangsUp: boolean;
  #hasStarted = false;
  /** The bytes that came after the query. */
  received = "";

  constructor(answer: Buffer, sizes: readonly number[], hangsUp = false) {
    super();
    this.#answer = answer;
    this.#sizes = sizes;
    this.#hangsUp = hangsUp;
  }

  connect(): this {
    process.nextTick(() => this.emit("connect"));
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    done();
    if (!this.#hasStarted) {
      this.#hasStarted = true;
      this.push(Buffer.concat([LOGGED_IN, READY]));
    } else if (chunk[0] === "Q".charCodeAt(0)) void this.#send();
    else if (chunk[0] === "X".charCodeAt(0)) this.push(null);
    else this.received += chunk.toString("utf8", 5);
  }

  async #send(): Promise<void> {
    for (let at = 0, piece = 0; at < this.#answer.length; piece++) {
      const size = this.#sizes[piece % this.#sizes.length] ?? 1;
      // A copy, as a socket hands it over, so that nobody else sees what pg does with its memory.
      this.push(Buffer.from(this.#answer.subarray(at, at + size)));
      at += size;
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (this.#hangsUp) this.destroy();
  }
}

async function connectTo(stream: Answering): Promise<pg.Client> {
  const client = new pg.Client({ stream: () => stream, ssl: false, user: "u" } as unknown as pg.ClientConfig);
  client.on("error", () => {});
  await client.connect();
  return client;
}

async function copyFrom(answer: Buffer, sizes: readonly number[], hangsUp = false): Promise<readonly string[]> {
  const client = await connectTo(new Answering(answer, sizes, hangsUp));
  const lines: string[] = [];
  try {
    await copyOut(client, "t", (line) => void lines.push(line));
    return lines;
  } finally {
    await client.end();
  }
}

const answerOf = (rows: readonly string[], said = rows.length): Buffer => {
  const data = rows.map((row) => message("d", `${row}\n`));
  return Buffer.concat([COPY_OUT, ...data, COPY_DONE, complete(`COPY ${said}`), READY]);
};

const row = fc.string({ unit: "binary", maxLength: 60 }).map((text) => text.replaceAll(/[\n\0]/g, "\\n"));
const rows = fc.array(row, { maxLength: 40 });
const sizes = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 8 });

describe("copyOut", () => {
  test.prop([rows, sizes])(
    "hands over the server's lines, wherever the reads of the socket end",
    async (sent, cuts) => {
      expect(await copyFrom(answerOf(sent), cuts)).toEqual(sent);
    },
  );

  test.prop([rows, sizes, fc.array(fc.nat({ max: 20 }), { maxLength: 10 })])(
    "hands over whole lines even if messages end within them",
    async (sent, cuts, ends) => {
      const text = Buffer.from(sent.map((each) => `${each}\n`).join(""));
      const data: Buffer[] = [];
      for (let at = 0, turn = 0; at < text.length; turn++) {
        const to = at + 1 + (ends[turn % ends.length] ?? text.length);
        data.push(message("d", text.subarray(at, to)));
        at = to;
      }
      const answer = Buffer.concat([COPY_OUT, ...data, COPY_DONE, complete(`COPY ${sent.length}`), READY]);
      expect(await copyFrom(answer, cuts)).toEqual(sent);
    },
  );

  test.prop([rows, sizes, fc.integer({ min: 1, max: 9 })])(
    "fails if the server claims to have sent a different number of rows",
    async (sent, cuts, more) => {
      await expect(copyFrom(answerOf(sent, sent.length + more), cuts)).rejects.toMatchObject({
        code: "DS_COPY_BROKEN",
      });
    },
  );

  test.prop([rows, sizes, fc.double({ min: 0, max: 0.999, noNaN: true })])(
    "fails if the connection breaks before the end",
    async (sent, cuts, part) => {
      const whole = answerOf(sent);
      const end = Math.floor((whole.length - READY.length) * part);
      await expect(copyFrom(whole.subarray(0, end), cuts, true)).rejects.toThrow(/terminated/);
    },
  );

  test.prop([rows, sizes])("fails with the server's error if it gives up in the middle", async (sent, cuts) => {
    const data = sent.map((each) => message("d", `${each}\n`));
    const answer = Buffer.concat([COPY_OUT, ...data, error("58030"), READY]);
    await expect(copyFrom(answer, cuts)).rejects.toMatchObject({ code: "58030" });
  });

  it("fails with the error that the receiver of the lines throws", async () => {
    const client = await connectTo(new Answering(answerOf(["a", "b"]), [1000]));
    const full = new Error("full");
    await expect(
      copyOut(client, "t", () => {
        throw full;
      }),
    ).rejects.toBe(full);
    await client.end();
  });
});

describe("copyIn", () => {
  const copyInto = async (said: number, lines: readonly string[]): Promise<string> => {
    const stream = new Answering(Buffer.concat([COPY_IN, complete(`COPY ${said}`), READY]), [1000]);
    const client = await connectTo(stream);
    try {
      await copyIn(client, "t", lines);
      return stream.received;
    } finally {
      await client.end();
    }
  };

  it("sends every line", async () => {
    const lines = Array.from({ length: 1201 }, (_, at) => `row ${at}`);
    expect(await copyInto(1201, lines)).toBe(`${lines.join("\n")}\n`);
  });

  it("fails if the server reports a different number of rows", async () => {
    await expect(copyInto(1, ["a", "b"])).rejects.toMatchObject({ code: "DS_COPY_BROKEN" });
  });
});
