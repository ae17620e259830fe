import { describe, expect, it } from "vitest";
import { majorsHere } from "./binaries.ts";
import { PostgresqlRig } from "./testing/rig.ts";

const majors = await majorsHere().catch(() => []);
const [first, other] = majors;
if (other === undefined) process.stderr.write("skipped: two versions of PostgreSQL: this machine has only one\n");

const numberOf = (rig: PostgresqlRig): Promise<number> =>
  rig.using(async (client) => {
    const { rows } = await client.query<{ n: string }>("select current_setting('server_version_num') n");
    return Math.floor(Number(rows[0]?.n) / 10_000);
  });

describe.skipIf(other === undefined)("a version of PostgreSQL", () => {
  it("is the one that the job asks for, and other versions refuse its dumps", async () => {
    // Rigs share their address.
    const using = async <T>(properties: object, work: (rig: PostgresqlRig) => Promise<T>): Promise<T> => {
      const rig = await PostgresqlRig.open({ ...properties });
      try {
        return await work(rig);
      } finally {
        await rig.close();
      }
    };
    const dump = await using({ engine_version: String(other) }, async (rig) => {
      expect(await numberOf(rig)).toBe(other);
      const made = await rig.dump();
      if (!(made instanceof Uint8Array)) throw new Error(`no dump: ${made.status}`);
      expect((await rig.restore(made)).status).toBe(200);
      return made;
    });
    await using({}, async (rig) => {
      expect((await rig.restore(dump)).status).toBe(422);
      expect(await numberOf(rig)).toBe(first);
    });
  });

  it("that the machine lacks is refused by name", async () => {
    const rig = await PostgresqlRig.open({ engine_version: "9" });
    try {
      await expect(rig.connect()).rejects.toThrow("PostgreSQL 9");
    } finally {
      await rig.close();
    }
  });
});
