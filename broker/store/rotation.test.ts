import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { realHost } from "../host.ts";
import type { StorePool } from "./pool.ts";
import { rotateKeys } from "./rotation.ts";
import { createSeal, keyIdOf, openText, type Seal, sealText } from "./seal.ts";
import { type Operation, openStore, type Store } from "./store.ts";
import { testDatabases } from "./testing/databases.ts";

const OLD = "0a".repeat(32);
const NEW = "0b".repeat(32);
const databases = await testDatabases();
const sealOf = (...ring: readonly string[]): Seal => createSeal(realHost(), ring, "store");
const INSTANCES = ["i1", "i2", "i3"];

describe.each(databases)("a rotation of keys on $name", ({ missing, open }) => {
  describe.skipIf(missing !== undefined)(missing ?? "where there is one", () => {
    let pool: StorePool;
    let store: Store;

    /** Three instances, two bindings, and a bind in progress whose row is in its payload: six sealed texts. */
    beforeEach(async () => {
      pool = await open();
      store = await openStore(pool, realHost());
      const seal = sealOf(OLD);
      for (const id of INSTANCES)
        await store.addInstance({
          id,
          plan_id: "p",
          deployment: `d-${id}`,
          state: "ready",
          owner: "o",
          parameters: "{}",
          context: "{}",
          secrets: sealText(seal, `secrets of ${id}`),
          address: "",
          version: 1,
          created_ms: 1,
          maintenance: "",
        });
      const row = { id: "b", instance_id: "i1", state: "ready", request: "", username: "u" } as const;
      await store.addBinding({ ...row, password: sealText(seal, "password of b"), created_ms: 1 });
      await store.addBinding({ ...row, id: "bb", password: sealText(seal, "password of bb"), created_ms: 2 });
      await store.openOperation({
        id: "o",
        instance_id: "i2",
        binding_id: "c",
        kind: "bind",
        state: "in progress",
        description: "",
        payload: JSON.stringify({ row: { password: sealText(seal, "password of c") } }),
        busy: "i2",
        created_ms: 1,
        worker: "",
        fence: 1,
      } satisfies Operation);
    });
    afterEach(() => pool.end());

    const texts = async (): Promise<readonly string[]> => {
      const { payload = "" } = (await store.operation("o")) ?? {};
      const { row } = JSON.parse(payload) as { row: { password: string } };
      return [
        ...(await store.instances()).map(({ secrets }) => secrets),
        ...(await store.bindings()).map(({ password }) => password),
        row.password,
      ];
    };
    const plain = async (seal: Seal): Promise<readonly string[]> => (await texts()).map((text) => openText(seal, text));
    const PLAIN = [...INSTANCES.map((id) => `secrets of ${id}`), "password of b", "password of bb", "password of c"];

    it("seals everything with the first key of the ring", async () => {
      expect(await rotateKeys(pool, realHost(), sealOf(NEW, OLD))).toEqual({ resealed: PLAIN.length, left: 0 });
      expect(await plain(sealOf(NEW))).toEqual(PLAIN);
      expect(new Set((await texts()).map((text) => text.split(".")[1]))).toEqual(new Set([keyIdOf(NEW)]));
      expect(await rotateKeys(pool, realHost(), sealOf(NEW, OLD))).toEqual({ resealed: 0, left: 0 });
    });

    it("can be killed after any text, leaves everything readable, and is finished by the next run", async () => {
      for (let killedAfter = 1; killedAfter <= PLAIN.length; killedAfter++) {
        // Back and forth, so that each round begins with everything still to do.
        const [to, from] = killedAfter % 2 === 1 ? [NEW, OLD] : [OLD, NEW];
        const killed = rotateKeys(pool, realHost(), sealOf(to, from), (count) => {
          if (count === killedAfter) throw new Error("killed");
        });
        await expect(killed).rejects.toThrow("killed");
        expect(await plain(sealOf(to, from))).toEqual(PLAIN);
        const rest = await rotateKeys(pool, realHost(), sealOf(to, from));
        expect(rest).toEqual({ resealed: PLAIN.length - killedAfter, left: 0 });
        expect(await plain(sealOf(to))).toEqual(PLAIN);
      }
    });

    it("leaves what it can't read unchanged, and names it", async () => {
      const before = await texts();
      await expect(rotateKeys(pool, realHost(), sealOf(NEW))).rejects.toThrow(
        `i1: it was sealed with the key ${keyIdOf(OLD)}, which is not in the key ring`,
      );
      expect(await texts()).toEqual(before);
    });

    it("does not touch what a broker has changed meanwhile", async () => {
      const changed = sealText(sealOf(NEW), "changed");
      await rotateKeys(pool, realHost(), sealOf(NEW, OLD), async (count) => {
        // The first binding is done, and the second one has been read.
        if (count === INSTANCES.length + 1) await store.setBinding("bb", { password: changed });
      });
      expect((await plain(sealOf(NEW)))[4]).toBe("changed");
    });
  });
});
