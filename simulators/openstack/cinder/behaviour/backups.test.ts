import { describe, expect, it } from "vitest";
import { memberOf, TestSession, textAt } from "../../testing-session.ts";

describe("a backup, on a cloud without a backup service", () => {
  const statusOf = (session: TestSession, path: string, member: string): unknown =>
    memberOf(session.send("cinder", "GET", path).json, `${member}.status`);

  it("is accepted, then fails with a reason and a message, and leaves the volume as it was", async () => {
    const session = await TestSession.open();
    const volume = session.volume();
    const made = session.send("cinder", "POST", "/backups", { body: { backup: { volume_id: volume } } });
    expect(made.status).toBe(202);
    const path = `/backups/${textAt(made, "backup.id")}`;
    expect([statusOf(session, path, "backup"), statusOf(session, `/volumes/${volume}`, "volume")]).toEqual([
      "creating",
      "backing-up",
    ]);
    session.sleep(60_000);
    expect([statusOf(session, path, "backup"), statusOf(session, `/volumes/${volume}`, "volume")]).toEqual([
      "error",
      "available",
    ]);
    const { json } = session.send("cinder", "GET", path);
    expect(memberOf(json, "backup.fail_reason")).toBe("Service not found for creating backup.");
    const messages = JSON.stringify(session.send("cinder", "GET", "/messages", { version: 3 }).json);
    expect(messages).toContain("VOLUME_VOLUME_BACKUP_013_024");
  });

  it("keeps others of the same volume away until it has ended, and leaves nothing once it is deleted", async () => {
    const session = await TestSession.open();
    const volume = session.volume();
    const backup = () => session.send("cinder", "POST", "/backups", { body: { backup: { volume_id: volume } } });
    const ids: string[] = [];
    for (let at = 0; at < 3; at++) {
      const made = backup();
      expect([made.status, backup().status]).toEqual([202, 400]);
      ids.push(textAt(made, "backup.id"));
      expect(session.send("cinder", "DELETE", `/backups/${ids.at(-1)}`).status).toBe(400);
      session.sleep(60_000);
    }
    const usage = (): unknown => session.cloud.openstack.state().cinder.usage.get(session.cloud.projectId("A"));
    expect(usage()).toMatchObject({ backups: 3, backup_gigabytes: 3 });
    for (const id of ids) expect(session.send("cinder", "DELETE", `/backups/${id}`).status).toBe(202);
    expect(usage()).toMatchObject({ backups: 0, backup_gigabytes: 0, volumes: 1 });
    expect(session.send("cinder", "POST", `/backups/${ids[0]}/restore`, { body: { restore: {} } }).status).toBe(404);
  });
});
