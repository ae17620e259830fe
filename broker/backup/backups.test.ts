import { createCipheriv } from "node:crypto";
import fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { BackendError, FinalError } from "../errors.ts";
import { howMany } from "../../scripts/tests/slice.ts";
import { FakeHost } from "../testing.ts";
import { type ArtifactKey, type BackupStore, createBackupStore, type BackupPart } from "./backups.ts";
import { Swift } from "./testing.ts";

const KEY: ArtifactKey = { key: Buffer.alloc(32, 7) };
const OTHER_KEY = Buffer.alloc(32, 8);
const MIB = 1024 * 1024;

/** Incompressible, so that it fills as many parts as its length says. */
function noise(bytes: number, seed = 1): Uint8Array {
  const vector = Buffer.alloc(16);
  vector.writeUInt32BE(seed >>> 0);
  return createCipheriv("aes-128-ctr", Buffer.alloc(16), vector).update(Buffer.alloc(bytes));
}

/** More than two parts. */
const LARGE = noise(9 * MIB);

async function* inChunks(bytes: Uint8Array, size = 100_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

describe("the backup store", () => {
  let swift: Swift;
  let store: BackupStore;
  beforeEach(() => {
    swift = new Swift();
    store = createBackupStore(swift.project, new FakeHost());
  });

  const put = (folder: string, bytes: Uint8Array, size?: number): ReturnType<BackupStore["put"]> =>
    store.put(folder, inChunks(bytes, size), KEY);

  it("returns what it was given, whatever its size and the sizes of its chunks", async () => {
    const size = fc.oneof(fc.nat({ max: 3000 }), fc.integer({ min: MIB - 2, max: MIB + 2 }), fc.nat({ max: 9 * MIB }));
    await fc.assert(
      fc.asyncProperty(size, fc.integer({ min: 1000, max: 3 * MIB }), async (bytes, chunk) => {
        const given = noise(bytes, bytes + 1);
        const { parts, bytes: counted } = await put("a/b", given, chunk);
        expect(counted).toBe(bytes);
        expect((await collect(store.open(parts, KEY.key))).equals(given)).toBe(true);
        await store.verify(parts, KEY.key);
      }),
      { numRuns: howMany(2, 6) },
    );
  });

  it("stores parts none of which is legible, and the wrapped key in the first", async () => {
    const { parts } = await store.put("a/b", inChunks(Buffer.from("canary canary")), {
      ...KEY,
      wrapped: "d3JhcHBlZA==",
    });
    const stored = Buffer.concat([...swift.objects.values()]).toString("latin1");
    expect(stored).not.toContain("canary");
    expect(stored).toContain("d3JhcHBlZA==");
    expect((await collect(store.read(parts))).toString("latin1")).toBe(stored);
    const { parts: many } = await put("a/c", LARGE);
    expect(many.length).toBeGreaterThan(2);
    expect([...swift.objects.keys()].filter((name) => name.startsWith("a/c"))).toEqual(many.map(({ name }) => name));
  });

  /** The damage to a backup in the store, and in its list of parts. */
  const damages: Readonly<Record<string, (parts: readonly BackupPart[], at: number) => readonly BackupPart[]>> = {
    "a bit has flipped": (parts, at) => {
      const part = parts[at % parts.length];
      const bytes = swift.objects.get(part?.name ?? "") ?? new Uint8Array();
      bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ (1 << (at % 8));
      return parts;
    },
    "a part is short": (parts, at) => {
      const name = parts[at % parts.length]?.name ?? "";
      swift.objects.set(name, (swift.objects.get(name) ?? new Uint8Array()).subarray(0, -1));
      return parts;
    },
    "a part is missing": (parts, at) => {
      swift.objects.delete(parts[at % parts.length]?.name ?? "");
      return parts;
    },
    "a part is another backup's": (parts, at) => {
      const name = parts[at % parts.length]?.name ?? "";
      swift.objects.set(name, swift.objects.get(name.replace("a/b", "a/other")) ?? new Uint8Array());
      return parts;
    },
    "the list has lost its last part": (parts) => parts.slice(0, -1),
    "the list has lost its first part": (parts) => parts.slice(1),
    "two parts have changed places": ([first, second, ...rest]) =>
      first === undefined || second === undefined ? [] : [second, first, ...rest],
    "a part comes twice": (parts) => [...parts, ...parts.slice(-1)],
    "a part of another backup follows": (parts) => [...parts, { ...(parts[0] as BackupPart), name: "a/other/0000" }],
    "the list is empty": () => [],
  };

  describe("of which something was damaged", () => {
    let parts: readonly BackupPart[];
    let pristine: ReadonlyMap<string, Uint8Array>;
    beforeAll(async () => {
      const whole = new Swift();
      const keep = createBackupStore(whole.project, new FakeHost());
      await keep.put("a/other", inChunks(LARGE), { key: OTHER_KEY });
      ({ parts } = await keep.put("a/b", inChunks(LARGE), KEY));
      pristine = whole.objects;
    });

    it.each(Object.entries(damages))("opens nothing to its end when %s", async (_words, damage) => {
      await fc.assert(
        fc.asyncProperty(fc.nat(), async (at) => {
          for (const [name, bytes] of pristine) swift.objects.set(name, new Uint8Array(bytes));
          const damaged = damage(parts, at);
          await expect((async () => store.verify(damaged, KEY.key))()).rejects.toThrow(FinalError);
          await expect((async () => collect(store.open(damaged, KEY.key)))()).rejects.toThrow(FinalError);
        }),
        // Where the damage is drawn, it is drawn twice.
        { numRuns: Math.max(1, damage.length) },
      );
    });
  });

  it("opens nothing if parts agree with their checksums although they were cut, swapped or lengthened", async () => {
    const { parts } = await put("a/b", noise(3 * MIB));
    const whole = await collect(store.read(parts));
    const head = whole.indexOf("\n", whole.indexOf("\n") + 1) + 1;
    const chunks: Buffer[] = [];
    for (let at = head; at < whole.length; at += chunks.at(-1)?.length ?? 1)
      chunks.push(whole.subarray(at, at + 4 + whole.readUInt32BE(at)));
    const open = (pieces: readonly Uint8Array[]): Promise<void> => {
      const bytes = Buffer.concat([whole.subarray(0, head), ...pieces]);
      swift.objects.set("x/0000", new Uint8Array(bytes));
      return store.verify([swift.partOf("x/0000")], KEY.key);
    };
    await open(chunks);
    const [first, second, ...rest] = chunks as [Buffer, Buffer, ...Buffer[]];
    for (const pieces of [
      chunks.slice(0, -1),
      [second, first, ...rest],
      chunks.slice(1),
      [...chunks, first],
      [...chunks, Buffer.alloc(7)],
      [],
    ])
      await expect(open(pieces)).rejects.toThrow(FinalError);
  });

  it("opens nothing with another key", async () => {
    const { parts } = await put("a/b", noise(100));
    await expect(store.verify(parts, OTHER_KEY)).rejects.toThrow(/not its key/);
  });

  it("does not resend parts whose answer was lost, but resends those that never arrived", async () => {
    swift.losesAnswers = 2;
    const { parts } = await put("a/b", LARGE);
    expect(swift.stored).toBe(parts.length);
    swift.refuses = 2;
    const again = await put("a/c", LARGE);
    expect(swift.stored).toBe(parts.length + again.parts.length);
    await store.verify(again.parts, KEY.key);
  });

  it("leaves nothing of an aborted dump once it is removed, and replaces whatever an earlier attempt left", async () => {
    const breakOff = async function* (): AsyncGenerator<Uint8Array> {
      yield LARGE;
      throw new BackendError("the connection broke");
    };
    await expect(store.put("a/b", breakOff(), KEY)).rejects.toThrow("the connection broke");
    const { parts } = await put("a/b", noise(10));
    expect([...swift.objects.keys()]).toEqual(parts.map(({ name }) => name));
    await store.remove("a/b");
    expect(swift.objects.size).toBe(0);
  });

  it("considers an object deleted when Swift has none, but not when a proxy has no such page", async () => {
    await put("a/b", noise(1));
    swift.isHidden = true;
    await expect(store.remove("a")).rejects.toBeInstanceOf(FinalError);
    swift.isHidden = false;
    await store.remove("a");
    expect(swift.objects.size).toBe(0);
    await store.remove("a");
  });

  it("removes a backup, or all backups of an instance, and no others", async () => {
    for (const folder of ["a/1", "a/2", "ab/1"]) await put(folder, noise(3));
    await store.remove("a/1");
    expect([...swift.objects.keys()]).toEqual(["a/2/0000", "ab/1/0000"]);
    await store.remove("a");
    expect([...swift.objects.keys()]).toEqual(["ab/1/0000"]);
  });

  it("does not touch a dump that it can't store, so that its maker need not wait for a reader", async () => {
    let left = 0;
    const dump: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: false, value: noise(10) }),
        return: async () => {
          left++;
          return { done: true, value: undefined };
        },
      }),
    };
    swift.isHidden = true;
    await expect(store.put("a/b", dump, KEY)).rejects.toBeInstanceOf(Error);
    expect(left).toBe(1);
  });

  it("reads only a few parts of a large dump ahead of what it has stored", async () => {
    const BYTES = 32 * MIB;
    const piece = noise(MIB);
    let heldMax = 0;
    swift.isForgetful = true;
    const large = async function* (): AsyncGenerator<Uint8Array> {
      for (let taken = 0; taken < BYTES; taken += piece.length) {
        heldMax = Math.max(heldMax, taken - swift.storedBytes);
        yield piece;
      }
    };
    const { bytes } = await store.put("a/b", large(), KEY);
    expect(bytes).toBe(BYTES);
    expect(swift.storedBytes).toBeGreaterThan(BYTES);
    expect(heldMax).toBeGreaterThan(0);
    expect(heldMax).toBeLessThan(16 * MIB);
  });
});
