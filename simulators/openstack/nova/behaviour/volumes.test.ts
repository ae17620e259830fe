import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { memberOf, TestSession } from "../../testing-session.ts";
import { nextDevice } from "./volumes.ts";

describe("a volume and a server", () => {
  /** A model: where the volume is, and what may be done next. */
  type State = "available" | "reserved" | "in-use" | "detaching";
  const command = fc.constantFrom("attach", "detach", "wait", "delete");

  it("go through available, reserved, in-use and detaching, and in no other order", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(command, { minLength: 1, maxLength: 12 }), async (commands) => {
        const session = await TestSession.open();
        const [server, volume] = [session.server(), session.volume()];
        const path = `/servers/${server}/os-volume_attachments`;
        let model: State = "available";
        for (const each of commands) {
          if (each === "wait") {
            session.sleep(30_000);
            model = model === "reserved" ? "in-use" : model === "detaching" ? "available" : model;
          } else if (each === "attach") {
            const { status } = session.send("nova", "POST", path, { body: { volumeAttachment: { volumeId: volume } } });
            expect(status).toBe(model === "available" ? 200 : 400);
            if (status === 200) model = "reserved";
          } else if (each === "detach") {
            const { status } = session.send("nova", "DELETE", `${path}/${volume}`);
            expect(status).toBe(model === "in-use" ? 202 : model === "available" ? 404 : 400);
            if (status === 202) model = "detaching";
          } else {
            const { status } = session.send("cinder", "DELETE", `/volumes/${volume}`);
            expect(status).toBe(model === "available" ? 202 : 400);
            if (status === 202) return;
          }
          const { json } = session.send("cinder", "GET", `/volumes/${volume}`);
          expect(memberOf(json, "volume.status")).toBe(model);
        }
      }),
      { numRuns: 40 },
    );
  });

  it("are separated when the server is deleted: the volume is free, or deleted too if that was requested", async () => {
    const session = await TestSession.open();
    const server = session.server();
    const [kept, gone] = [session.volume(), session.volume()];
    for (const [volumeId, isGoing] of [
      [kept, false],
      [gone, true],
    ] as const)
      session.send("nova", "POST", `/servers/${server}/os-volume_attachments`, {
        version: 79,
        body: { volumeAttachment: { volumeId, delete_on_termination: isGoing } },
      });
    session.sleep(30_000);
    session.send("nova", "DELETE", `/servers/${server}`);
    session.sleep(60_000);
    const { volumes } = session.cloud.openstack.state().cinder;
    expect([volumes.get(kept)?.status, volumes.has(gone)]).toEqual(["available", false]);
  });

  it("keep Cinder's clients from detaching what a server uses", async () => {
    const session = await TestSession.open();
    const [server, volume] = [session.server(), session.volume()];
    session.send("nova", "POST", `/servers/${server}/os-volume_attachments`, {
      body: { volumeAttachment: { volumeId: volume } },
    });
    session.sleep(30_000);
    for (const name of ["os-detach", "os-begin_detaching", "os-force_detach"]) {
      const sent = { who: "admin", body: { [name]: {} } } as const;
      expect(session.send("cinder", "POST", `/volumes/${volume}/action`, sent).status).toBe(409);
    }
  });
});

describe("devices", () => {
  it("are the first free letters, even beyond z, and none twice", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 800 }), (count) => {
        const devices: string[] = ["/dev/sda"];
        for (let at = 0; at < count; at++) devices.push(nextDevice(devices.map((device) => ({ device }))));
        expect(new Set(devices).size).toBe(devices.length);
      }),
      { numRuns: 5 },
    );
    expect(nextDevice([])).toBe("/dev/sdb");
    expect(nextDevice([{ device: "/dev/vdb" }, { device: "/dev/sdc" }])).toBe("/dev/sdd");
    const letters = Array.from({ length: 25 }, (_none, at) => ({ device: `/dev/sd${String.fromCharCode(98 + at)}` }));
    expect(nextDevice(letters)).toBe("/dev/sdaa");
  });
});
