import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { bootCloud, type Cloud, type CloudOptions } from "../cloud.ts";
import { OWNER, PersistentCustomer } from "../testing.ts";
import { frameOf } from "./record-file.ts";

const place = mkdtempSync(join(tmpdir(), "drydock-kept-"));
afterAll(() => rmSync(place, { recursive: true, force: true }));

/** One that no other cloud chooses while this one is down. */
const block = `127.${128 + (process.pid % 100)}`;
const said: string[] = [];
const errors: unknown[] = [];

const boot = (folder: string, more: CloudOptions = {}): Promise<Cloud> =>
  bootCloud({
    services: ["redis"],
    block,
    data: { path: join(place, folder), version: "1", say: (text) => said.push(text) },
    report: (error) => errors.push(error),
    ...more,
  });

/** Takes what is in the folder at this moment, as a killed process would leave it. */
const killAt = (from: string, to: string): void => cpSync(join(place, from), join(place, to), { recursive: true });

async function customerOf(cloud: Cloud): Promise<PersistentCustomer> {
  const [broker] = cloud.brokers.list();
  if (broker === undefined) throw new Error("there is no broker");
  return PersistentCustomer.of(cloud.world, broker);
}

describe("a cloud in a folder", () => {
  it("goes on as it was when its process was killed, and finishes what it had taken on", async () => {
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
      expect(readFileSync(inputs).length).toBeGreaterThan(whole);
    } finally {
      await again.close();
    }
    expect(said).toEqual([expect.stringMatching(/^inputs: dropped \d+ bytes of a record that was never finished/)]);
    expect(errors).toEqual([]);
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
