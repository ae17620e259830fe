import { describe, expect, it } from "vitest";
import { memberOf, TestSession, textAt } from "../../testing-session.ts";

const AGENTS = { profile: "agents" } as const;
const HOST = { host: "machine", initiator: "iqn.x" };

const status = (session: TestSession, volume: string): unknown =>
  memberOf(session.send("cinder", "GET", `/volumes/${volume}`).json, "volume.status");

const attach = (session: TestSession, fields: object) =>
  session.send("cinder", "POST", "/attachments", { version: 54, body: { attachment: fields } });

describe("an attachment that a client makes itself", () => {
  it("is reserved, attaching once the machine has said what it is, attached once it is done, and gone", async () => {
    const session = await TestSession.open(AGENTS);
    const volume = session.volume();
    const made = attach(session, { volume_uuid: volume });
    const path = `/attachments/${textAt(made, "attachment.id")}`;
    expect([made.status, memberOf(made.json, "attachment.status"), status(session, volume)]).toEqual([
      200,
      "reserved",
      "reserved",
    ]);
    const complete = { version: 44, body: { "os-complete": null } };
    const connected = session.send("cinder", "PUT", path, { version: 54, body: { attachment: { connector: HOST } } });
    expect(memberOf(connected.json, "attachment.connection_info.target_iqn")).toContain(volume);
    expect(status(session, volume)).toBe("attaching");
    expect(session.send("cinder", "POST", `${path}/action`, complete).status).toBe(204);
    expect(status(session, volume)).toBe("in-use");
    expect(attach(session, { volume_uuid: volume }).status).toBe(400);
    expect(session.send("cinder", "DELETE", path, { version: 54 }).json).toEqual({ attachments: [] });
    expect(status(session, volume)).toBe("available");
  });

  it("can be one of several if the volume's type allows it", async () => {
    const session = await TestSession.open(AGENTS);
    const type = { name: "multi", extra_specs: { multiattach: "<is> True" } };
    session.send("cinder", "POST", "/types", { who: "admin", body: { volume_type: type } });
    const volume = session.volume({ volume_type: "multi" });
    const [first, second] = [0, 1].map(() =>
      textAt(attach(session, { volume_uuid: volume, connector: HOST }), "attachment.id"),
    );
    session.send("cinder", "DELETE", `/attachments/${first}`, { version: 54 });
    expect(status(session, volume)).toBe("in-use");
    session.send("cinder", "DELETE", `/attachments/${second}`, { version: 54 });
    expect(status(session, volume)).toBe("available");
  });
});

describe("a volume that goes back to a snapshot", () => {
  it("takes its latest one, provided that nobody uses it and its size is the same", async () => {
    const session = await TestSession.open(AGENTS);
    const volume = session.volume();
    const snapshot = (): string => {
      const reply = session.send("cinder", "POST", "/snapshots", { body: { snapshot: { volume_id: volume } } });
      session.sleep(60_000);
      return textAt(reply, "snapshot.id");
    };
    const [first, last] = [snapshot(), snapshot()];
    const revert = (id: string, version = 40): number =>
      session.send("cinder", "POST", `/volumes/${volume}/action`, { version, body: { revert: { snapshot_id: id } } })
        .status;
    expect([revert(first), revert(last, 39), revert(last), revert(last)]).toEqual([400, 400, 202, 400]);
    expect(status(session, volume)).toBe("reverting");
    session.sleep(60_000);
    expect(status(session, volume)).toBe("available");
  });
});

describe("a service of Cinder", () => {
  it("that is disabled takes no work", async () => {
    const session = await TestSession.open(AGENTS);
    const body = { binary: "cinder-volume", host: "volume-1@lvm" };
    expect(session.send("cinder", "PUT", "/os-services/disable", { who: "admin", body }).status).toBe(200);
    expect(status(session, session.volume())).toBe("error");
    session.send("cinder", "PUT", "/os-services/enable", { who: "admin", body });
    expect(status(session, session.volume())).toBe("available");
  });
});
