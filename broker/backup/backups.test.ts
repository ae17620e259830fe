import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { FinalError } from "../errors.ts";
import type { OpenStackProject } from "../openstack/project.ts";
import { FakeHost, TEST_CONFIG } from "../testing.ts";
import { type BackupStore, createBackupStore, type BackupPart } from "./backups.ts";

/** As much of Swift as the backup manager uses, in one container. */
class Swift {
  readonly objects = new Map<string, Uint8Array<ArrayBuffer>>();
  /** A proxy in front of it answers every request with 404. */
  isHidden = false;

  readonly project: OpenStackProject = {
    call: async (_service, method, path, options = {}) => {
      await Promise.resolve();
      if (this.isHidden) return { status: 404, headers: new Headers(), bytes: Buffer.from("<html>404</html>") };
      const url = new URL(`http://swift${path}`);
      const name = url.pathname.split("/").slice(2).join("/");
      const reply = (
        status: number,
        bytes: Uint8Array<ArrayBuffer> = new Uint8Array(),
      ): Awaited<ReturnType<OpenStackProject["call"]>> => ({
        status,
        headers: new Headers({ "x-trans-id": "tx0" }),
        bytes,
      });
      if (name === "" && method === "GET") {
        const names = [...this.objects.keys()].filter((each) => each.startsWith(url.searchParams.get("prefix") ?? ""));
        return reply(200, Buffer.from(names.join("\n")));
      }
      if (method === "PUT") {
        if (name !== "" && options.body !== undefined) this.objects.set(name, Uint8Array.from(options.body));
        return reply(201);
      }
      const known = this.objects.get(name);
      if (method === "DELETE") this.objects.delete(name);
      return known === undefined ? reply(404) : reply(method === "GET" ? 200 : 204, known);
    },
  };
}

/** Incompressible text, so that it fills more than one part. */
const LONG = Uint8Array.from({ length: 9 * 1024 * 1024 }, (_, at) => ((at * 2_654_435_761) >>> 13) ^ (at >>> 3));

describe("the backup store", () => {
  let swift: Swift;
  let store: BackupStore;
  const storeWith = (key: string): BackupStore => createBackupStore(swift.project, new FakeHost(), [key]);

  beforeEach(() => {
    swift = new Swift();
    store = storeWith(TEST_CONFIG.encryptionKey);
  });

  it("returns what it was given", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), async (dump) => {
        const parts = await store.put("a", "b", dump);
        expect(new Uint8Array(await store.get("a", parts))).toEqual(dump);
      }),
      { numRuns: 20 },
    );
  });

  it("considers an object deleted when Swift has none, but not when a proxy has no such page", async () => {
    await store.put("a", "b", Uint8Array.of(1));
    swift.isHidden = true;
    await expect(store.remove("a")).rejects.toBeInstanceOf(FinalError);
    swift.isHidden = false;
    await store.remove("a");
    expect(swift.objects.size).toBe(0);
    await store.remove("a");
  });

  it("stores a long dump in parts, none of which is readable", async () => {
    const parts = await store.put("a", "b", LONG);
    expect(parts.length).toBeGreaterThan(1);
    expect([...swift.objects.keys()]).toEqual(parts.map(({ name }) => name));
    expect(Buffer.compare(Buffer.from(await store.get("a", parts)), Buffer.from(LONG))).toBe(0);
    await store.put("a", "c", Buffer.from("canary canary canary"));
    const stored = Buffer.concat([...swift.objects.values()]).toString("latin1");
    expect(stored).not.toContain("canary");
  });

  const damages: Readonly<Record<string, (parts: readonly BackupPart[]) => void>> = {
    "a bit has flipped": ([part]) => {
      const bytes = swift.objects.get(part?.name ?? "") ?? new Uint8Array();
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    },
    "a part is short": ([part]) => {
      const bytes = swift.objects.get(part?.name ?? "") ?? new Uint8Array();
      swift.objects.set(part?.name ?? "", bytes.subarray(0, -1));
    },
    "a part is missing": ([part]) => void swift.objects.delete(part?.name ?? ""),
    "a part is another backup's": ([part]) =>
      void swift.objects.set(part?.name ?? "", swift.objects.get("a/other/0000") ?? new Uint8Array()),
  };

  it.each(Object.entries(damages))("returns nothing when %s", async (_words, damage) => {
    await store.put("a", "other", Buffer.from("the other backup"));
    const parts = await store.put("a", "b", Buffer.from("the dump"));
    damage(parts);
    await expect(store.get("a", parts)).rejects.toThrow(FinalError);
  });

  it("returns nothing with another key, to another instance, or from no parts", async () => {
    const parts = await store.put("a", "b", Buffer.from("the dump"));
    await expect(storeWith("77".repeat(32)).get("a", parts)).rejects.toThrow(FinalError);
    await expect(store.get("b", parts)).rejects.toThrow(FinalError);
    await expect(store.get("a", [])).rejects.toThrow(FinalError);
    await expect(store.get("a", parts.slice(1))).rejects.toThrow(FinalError);
  });

  it("replaces whatever an earlier attempt left", async () => {
    await store.put("a", "b", LONG);
    const parts = await store.put("a", "b", Buffer.from("short"));
    expect([...swift.objects.keys()]).toEqual(parts.map(({ name }) => name));
  });

  it("removes a backup, or all backups of an instance, and no others", async () => {
    for (const [instance, backup] of [
      ["a", "1"],
      ["a", "2"],
      ["ab", "1"],
    ] as const)
      await store.put(instance, backup, Buffer.from("x"));
    await store.remove("a", "1");
    expect([...swift.objects.keys()]).toEqual(["a/2/0000", "ab/1/0000"]);
    await store.remove("a");
    expect([...swift.objects.keys()]).toEqual(["ab/1/0000"]);
  });
});
