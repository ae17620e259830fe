import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { TwoProjectCloud } from "../../testing.ts";

interface Zone {
  readonly id: string;
  readonly serial: number;
  readonly status: string;
  readonly action: string;
}

const WAIT_MS = 2_000;

let cloud: TwoProjectCloud;
let zoneId: string;

beforeEach(async () => {
  cloud = await TwoProjectCloud.open({}, 1);
  zoneId = (await createZone()).id;
});

const createZone = async (): Promise<Zone> =>
  (await cloud.call("A", "POST", "dns", "/zones", { name: "example.org.", email: "a@example.org" })).body as Zone;
const zone = async (): Promise<Zone> => (await cloud.call("A", "GET", "dns", `/zones/${zoneId}`)).body as Zone;
const change = (ttl: number): Promise<{ readonly status: number }> =>
  cloud.call("A", "PATCH", "dns", `/zones/${zoneId}`, { ttl });
const states = async (): Promise<readonly string[]> => {
  const { body } = await cloud.call("A", "GET", "dns", `/zones/${zoneId}/recordsets`);
  const { recordsets } = body as { recordsets: readonly { type: string; status: string; action: string }[] };
  return recordsets.map(({ type, status, action }) => `${type} ${status} ${action}`).sort();
};
const fail = (point: string, kind: "error" | "stuck"): unknown =>
  cloud.kernel.faults.arm({ point, effect: kind === "stuck" ? { kind } : { kind, message: "out of luck" } });

describe("a zone", () => {
  it("is PENDING with its NS and SOA until the name servers answer, then ACTIVE", async () => {
    expect(await zone()).toMatchObject({ status: "PENDING", action: "CREATE" });
    cloud.sleep(WAIT_MS / 2);
    expect(await states()).toEqual(["NS PENDING CREATE", "SOA PENDING CREATE"]);
    cloud.sleep(WAIT_MS / 2);
    expect(await zone()).toMatchObject({ status: "ACTIVE", action: "NONE" });
    expect(await states()).toEqual(["NS ACTIVE NONE", "SOA ACTIVE NONE"]);
  });

  it("gets a higher serial with every change, whenever it happens, and shows it in its SOA", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: 5_000 }), { maxLength: 8 }), async (waits) => {
        for (const ms of waits) {
          cloud.sleep(ms);
          const before = await zone();
          const nowS = Math.floor(cloud.kernel.nowMs / 1000);
          await change(60 + ms);
          const after = await zone();
          expect(after.serial).toBeGreaterThan(before.serial);
          expect(after.serial).toBeGreaterThanOrEqual(nowS);
          const { body } = await cloud.call("A", "GET", "dns", `/zones/${zoneId}/recordsets?type=SOA`);
          expect(JSON.stringify(body)).toContain(` ${after.serial} `);
        }
      }),
      { numRuns: 10 },
    );
  });

  it("waits for its latest change: an earlier answer does not make it ACTIVE", async () => {
    cloud.sleep(WAIT_MS);
    await change(100);
    cloud.sleep(WAIT_MS / 2);
    await change(200);
    cloud.sleep(0.75 * WAIT_MS);
    expect(await zone()).toMatchObject({ status: "PENDING", action: "UPDATE" });
    cloud.sleep(WAIT_MS);
    expect(await zone()).toMatchObject({ status: "ACTIVE", action: "NONE" });
  });

  it("ends in ERROR with everything that was pending if the name servers fail, and recovers with the next change", async () => {
    cloud.sleep(WAIT_MS);
    fail("designate:zone.update", "error");
    await change(100);
    cloud.sleep(WAIT_MS);
    expect(await zone()).toMatchObject({ status: "ERROR", action: "UPDATE" });
    expect(await states()).toEqual(["NS ACTIVE NONE", "SOA ERROR UPDATE"]);
    await change(200);
    cloud.sleep(WAIT_MS);
    expect(await zone()).toMatchObject({ status: "ACTIVE", action: "NONE" });
  });

  it("stays PENDING when its deletion is stuck, and takes its recordsets with it when it is not", async () => {
    cloud.sleep(WAIT_MS);
    fail("designate:zone.delete", "stuck");
    expect((await cloud.call("A", "DELETE", "dns", `/zones/${zoneId}`)).status).toBe(202);
    cloud.sleep(60_000);
    expect(await zone()).toMatchObject({ status: "PENDING", action: "DELETE" });
    expect((await change(100)).status).toBe(400);

    cloud = await TwoProjectCloud.open({}, 1);
    zoneId = (await createZone()).id;
    await cloud.call("A", "DELETE", "dns", `/zones/${zoneId}`);
    cloud.sleep(WAIT_MS);
    expect((await cloud.call("A", "GET", "dns", `/zones/${zoneId}`)).status).toBe(404);
    expect(cloud.openstack.state().designate.recordsets.size).toBe(0);
  });
});
