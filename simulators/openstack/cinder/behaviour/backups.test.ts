import { describe, expect, it } from "vitest";
import { memberOf, TestSession, textAt } from "../../testing-session.ts";

describe("a backup, on the recorded rig without a backup service", () => {
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

  it("excludes other backups of the same volume until it has ended, and leaves nothing once it is deleted", async () => {
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

const AGENTS = { profile: "agents" } as const;

const backup = (session: TestSession, fields: object, version = 43) =>
  session.send("cinder", "POST", "/backups", { version, body: { backup: fields } });

const showMember = (session: TestSession, path: string, member: string): unknown =>
  memberOf(session.send("cinder", "GET", path, { version: 56 }).json, member);

describe("a backup", () => {
  it("succeeds, restores into a new volume of its size, and can be the source of a new volume", async () => {
    const session = await TestSession.open(AGENTS);
    const volume = session.volume({ size: 2 });
    const id = textAt(backup(session, { volume_id: volume, name: "b" }), "backup.id");
    session.sleep(60_000);
    expect(showMember(session, `/backups/${id}`, "backup.status")).toBe("available");
    const restored = session.send("cinder", "POST", `/backups/${id}/restore`, { body: { restore: {} } });
    expect([restored.status, showMember(session, `/backups/${id}`, "backup.status")]).toEqual([202, "restoring"]);
    session.sleep(60_000);
    const copy = textAt(restored, "restore.volume_id");
    expect(showMember(session, `/volumes/${copy}`, "volume")).toMatchObject({
      status: "available",
      size: 2,
      name: `restore_backup_${id}`,
    });
    const body = { volume: { backup_id: id } };
    const made = session.send("cinder", "POST", "/volumes", { version: 47, body });
    expect([made.status, memberOf(made.json, "volume.size")]).toEqual([202, 2]);
  });

  it("that builds upon another protects it, and is deleted first", async () => {
    const session = await TestSession.open(AGENTS);
    const volume = session.volume();
    expect(backup(session, { volume_id: volume, incremental: true }).status).toBe(400);
    const full = textAt(backup(session, { volume_id: volume }), "backup.id");
    session.sleep(60_000);
    const next = textAt(backup(session, { volume_id: volume, incremental: true }), "backup.id");
    session.sleep(60_000);
    expect(showMember(session, `/backups/${next}`, "backup.is_incremental")).toBe(true);
    expect(showMember(session, `/backups/${full}`, "backup.has_dependent_backups")).toBe(true);
    expect(session.send("cinder", "DELETE", `/backups/${full}`).status).toBe(400);
    for (const id of [next, full]) {
      expect(session.send("cinder", "DELETE", `/backups/${id}`).status).toBe(202);
      session.sleep(60_000);
    }
    expect(showMember(session, "/backups", "backups")).toEqual([]);
  });

  it("of a volume in use needs force, or a snapshot", async () => {
    const session = await TestSession.open(AGENTS);
    const [server, volume] = [session.server(), session.volume()];
    session.send("nova", "POST", `/servers/${server}/os-volume_attachments`, {
      body: { volumeAttachment: { volumeId: volume } },
    });
    session.sleep(60_000);
    const statuses = [{}, { force: true }].map((fields) => backup(session, { volume_id: volume, ...fields }).status);
    expect(statuses).toEqual([400, 202]);
  });

  it("comes back from its exported record", async () => {
    const session = await TestSession.open(AGENTS);
    const id = textAt(backup(session, { volume_id: session.volume() }), "backup.id");
    session.sleep(60_000);
    const { json } = session.send("cinder", "GET", `/backups/${id}/export_record`, { who: "admin" });
    session.send("cinder", "DELETE", `/backups/${id}`);
    session.sleep(60_000);
    const again = session.send("cinder", "POST", "/backups/import_record", { who: "admin", body: json });
    expect([again.status, memberOf(again.json, "backup.id")]).toEqual([201, id]);
  });
});
