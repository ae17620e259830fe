import { appendFileSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { bootCloud, type Cloud, type CloudOptions } from "../cloud.ts";
import { OWNER, PersistentCustomer } from "../testing.ts";
import { clearData, listSnapshots, restoreSnapshot, saveSnapshot } from "./snapshots.ts";
import { frameOf } from "./record-file.ts";

const place = mkdtempSync(join(tmpdir(), "drydock-kept-"));
afterAll(() => rmSync(place, { recursive: true, force: true }));

/** A block that no other cloud chooses while this one is down. */
const block = `127.${128 + (process.pid % 100)}`;
const said: string[] = [];
const errors: unknown[] = [];

const boot = (folder: string, more: CloudOptions = {}): Promise<Cloud> =>
  bootCloud({
    services: ["postgresql"],
    block,
    data: { path: join(place, folder), version: "1", say: (text) => said.push(text) },
    report: (error) => errors.push(error),
    ...more,
  });

/** Copies the folder as it is at this moment, as a killed process would leave it. */
const killAt = (from: string, to: string): void => cpSync(join(place, from), join(place, to), { recursive: true });

async function customerOf(cloud: Cloud): Promise<PersistentCustomer> {
  const [broker] = cloud.brokers.list();
  if (broker === undefined) throw new Error("there is no broker");
  return PersistentCustomer.of(cloud.world, broker);
}

describe("a cloud in a folder", () => {
  it("continues from the state in which its process was killed, and finishes what it had begun", async () => {
    const first = await boot("a");
    const customer = await customerOf(first);
    const path = "/v2/service_instances/kept-1?accepts_incomplete=true";
    const ordered = await customer.askUntilAnswered("PUT", path, { ...customer.ids, ...OWNER });
    expect(ordered.kind === "answer" && ordered.status).toBe(202);
    killAt("a", "b");
    const before = first.description;
    await first.close();

    // A last record that was not finished.
    const inputs = join(place, "b", "inputs");
    const whole = readFileSync(inputs).length;
    appendFileSync(inputs, frameOf({ atMs: 0 }).subarray(0, -1));

    const again = await boot("b");
    try {
      expect(again.description).toEqual(before);
      const returning = await customerOf(again);
      await expect
        .poll(async () => (await returning.askUntilAnswered("GET", "/v2/service_instances/kept-1/last_operation")).body)
        .toMatchObject({ state: "succeeded" });
      expect(again.world.findBrokenLaws()).toEqual([]);
      await expect(saveSnapshot(join(place, "b"), "x")).rejects.toMatchObject({ code: "DATA_IN_USE" });
      expect(readFileSync(inputs).length).toBeGreaterThan(whole);
    } finally {
      await again.close();
    }
    expect(said).toEqual([expect.stringMatching(/^inputs: dropped \d+ bytes of a record that was never finished/)]);
    expect(errors).toEqual([]);
  });

  it("is saved and restored while it is down, and is not mistaken for intact if it is damaged", async () => {
    const folder = join(place, "a");
    const inputs = readFileSync(join(folder, "inputs"));
    await saveSnapshot(folder, "clean");
    await expect(saveSnapshot(folder, "clean")).rejects.toMatchObject({ code: "DATA_SNAPSHOT_NAME" });
    await expect(saveSnapshot(folder, "../x")).rejects.toMatchObject({ code: "DATA_SNAPSHOT_NAME" });
    await expect(restoreSnapshot(folder, "other")).rejects.toMatchObject({ code: "DATA_NO_SNAPSHOT" });

    const damaged = Buffer.from(inputs);
    damaged.writeUInt8(damaged.readUInt8(1000) ^ 1, 1000);
    writeFileSync(join(folder, "inputs"), damaged);
    await expect(boot("a")).rejects.toMatchObject({ code: "DATA_DAMAGED" });

    await clearData(folder);
    expect(readdirSync(folder)).toEqual(["snapshots"]);
    expect(listSnapshots(folder).map(({ name }) => name)).toEqual(["clean"]);
    await restoreSnapshot(folder, "clean");
    expect(readFileSync(join(folder, "inputs"))).toEqual(inputs);
    expect(readdirSync(join(folder, "snapshots"))).toEqual(["clean"]);
  });

  it("refuses options with which it would be another cloud, another release, and what can't be kept", async () => {
    const refusals: [CloudOptions, string][] = [
      [{ services: ["mongodb"] }, "DATA_OPTIONS"],
      [{ seed: 3 }, "DATA_OPTIONS"],
      [{ store: "postgres-ha" }, "DATA_NOT_KEPT"],
      [{ data: { path: join(place, "a"), version: "2", say: () => {} } }, "DATA_VERSION"],
      [{ data: { path: tmpdir(), version: "1", say: () => {} } }, "DATA_"],
    ];
    for (const [options, code] of refusals)
      await expect(boot("a", options)).rejects.toMatchObject({ code: expect.stringContaining(code) as string });
  });
});
