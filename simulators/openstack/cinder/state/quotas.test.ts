import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TestSession, textAt } from "../../testing-session.ts";

const limit = fc.integer({ min: -1, max: 5 });

describe("quotas of Cinder", () => {
  it("admit exactly the volumes and gigabytes that fit, and give back what is deleted", async () => {
    await fc.assert(
      fc.asyncProperty(
        limit,
        limit,
        fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 6 }),
        async (volumes, gigabytes, sizes) => {
          const session = await TestSession.open({ quotas: { volumes, gigabytes } });
          const project = session.cloud.projectId("A");
          let [count, used] = [0, 0];
          for (const size of sizes) {
            const fits = (volumes < 0 || count < volumes) && (gigabytes < 0 || used + size <= gigabytes);
            const reply = session.send("cinder", "POST", "/volumes", { body: { volume: { size } } });
            expect(reply.status).toBe(fits ? 202 : 413);
            if (fits) [count, used] = [count + 1, used + size];
            const usage = session.cloud.openstack.state().cinder.usage.get(project);
            expect([usage?.volumes ?? 0, usage?.gigabytes ?? 0]).toEqual([count, used]);
          }
          session.sleep(60_000);
          for (const id of session.cloud.openstack.state().cinder.volumes.keys())
            session.send("cinder", "DELETE", `/volumes/${id}`);
          session.sleep(60_000);
          const usage = session.cloud.openstack.state().cinder.usage.get(project);
          expect([usage?.volumes ?? 0, usage?.gigabytes ?? 0]).toEqual([0, 0]);
        },
      ),
      { numRuns: 25 },
    );
  });

  it("count an extension at once, and limit it by gigabytes and by volume size", async () => {
    const session = await TestSession.open({ quotas: { gigabytes: 5, per_volume_gigabytes: 4 } });
    const id = session.volume();
    const extend = (size: number): number =>
      session.send("cinder", "POST", `/volumes/${id}/action`, { body: { "os-extend": { new_size: size } } }).status;
    expect([extend(5), extend(1), extend(4)]).toEqual([413, 400, 202]);
    const again = session.send("cinder", "POST", "/volumes", { body: { volume: { size: 2 } } });
    expect([again.status, textAt(again, "overLimit.message")]).toEqual([
      413,
      "VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed gigabytes quota. Requested 2G, quota is 5G and 4G has been consumed.",
    ]);
  });

  it("of a volume type hold beside those of the project", async () => {
    const session = await TestSession.open();
    const body = { quota_set: { volumes_fake: 1, gigabytes___DEFAULT__: 2 } };
    const path = `/os-quota-sets/${session.cloud.projectId("A")}`;
    expect(session.send("cinder", "PUT", path, { who: "admin", body }).status).toBe(200);
    const create = (size: number, type: string): number =>
      session.send("cinder", "POST", "/volumes", { body: { volume: { size, volume_type: type } } }).status;
    expect([create(1, "fake"), create(1, "fake")]).toEqual([202, 413]);
    expect([create(2, "__DEFAULT__"), create(1, "__DEFAULT__")]).toEqual([202, 413]);
  });

  it("count snapshots and backups, and the gigabytes of both", async () => {
    const session = await TestSession.open({ quotas: { gigabytes: 3, snapshots: 5, backups: 5, backup_gigabytes: 1 } });
    const volume = session.volume();
    const snapshot = (): number =>
      session.send("cinder", "POST", "/snapshots", { body: { snapshot: { volume_id: volume } } }).status;
    expect([snapshot(), snapshot(), snapshot()]).toEqual([202, 202, 413]);
    const backup = (): number =>
      session.send("cinder", "POST", "/backups", { body: { backup: { volume_id: volume } } }).status;
    expect(backup()).toBe(202);
    session.sleep(60_000);
    expect(backup()).toBe(413);
  });

  it("move with a transferred volume, if the other project has room for it", async () => {
    const session = await TestSession.open({ quotas: { volumes: 1 } });
    const offer = (): readonly [string, string] => {
      const body = { transfer: { volume_id: session.volume() } };
      const reply = session.send("cinder", "POST", "/os-volume-transfer", { body });
      return [textAt(reply, "transfer.id"), textAt(reply, "transfer.auth_key")];
    };
    const accept = ([id, key]: readonly [string, string]): number =>
      session.send("cinder", "POST", `/os-volume-transfer/${id}/accept`, {
        who: "B",
        body: { accept: { auth_key: key } },
      }).status;
    expect(accept(offer())).toBe(202);
    // The first has room again, the second has none.
    expect(accept(offer())).toBe(413);
  });
});
