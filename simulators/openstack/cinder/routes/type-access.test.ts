import { beforeAll, describe, expect, it } from "vitest";
import { memberOf, TestSession, textAt } from "../../testing-session.ts";

describe("a volume type that is not public", () => {
  let session: TestSession;
  let id: string;
  beforeAll(async () => {
    session = await TestSession.open();
    const type = { name: "private", "os-volume-type-access:is_public": false };
    id = textAt(
      session.send("cinder", "POST", "/types", { who: "admin", body: { volume_type: type } }),
      "volume_type.id",
    );
  });

  const change = (action: string): number => {
    const body = { [action]: { project: session.cloud.projectId("A") } };
    return session.send("cinder", "POST", `/types/${id}/action`, { who: "admin", body }).status;
  };

  /** The statuses of every request that a project can make about the type. */
  const uses = (who: "A" | "B"): Readonly<Record<string, unknown>> => {
    const listed = JSON.stringify(session.send("cinder", "GET", "/types", { who }).json).includes(id);
    const made = session.send("cinder", "POST", "/volumes", { who, body: { volume: { size: 1 } } });
    session.sleep(60_000);
    const retype = { "os-retype": { new_type: "private" } };
    return {
      isListed: listed,
      show: session.send("cinder", "GET", `/types/${id}`, { who }).status,
      create: session.send("cinder", "POST", "/volumes", { who, body: { volume: { size: 1, volume_type: "private" } } })
        .status,
      retype: session.send("cinder", "POST", `/volumes/${textAt(made, "volume.id")}/action`, { who, body: retype })
        .status,
    };
  };

  const CLOSED = { isListed: false, show: 404, create: 404, retype: 404 };
  const OPEN = { isListed: true, show: 200, create: 202, retype: 202 };

  it("is hidden from projects without access, and open to those with access until it is revoked", () => {
    expect([uses("A"), uses("B")]).toEqual([CLOSED, CLOSED]);
    expect(change("addProjectAccess")).toBe(202);
    expect([uses("A"), uses("B")]).toEqual([OPEN, CLOSED]);
    const access = session.send("cinder", "GET", `/types/${id}/os-volume-type-access`, { who: "admin" });
    expect(memberOf(access.json, "volume_type_access")).toEqual([
      { volume_type_id: id, project_id: session.cloud.projectId("A") },
    ]);
    expect(change("removeProjectAccess")).toBe(202);
    expect([uses("A"), uses("B")]).toEqual([CLOSED, CLOSED]);
  });

  it("can be changed by administrators only", () => {
    const body = { addProjectAccess: { project: session.cloud.projectId("B") } };
    expect(session.send("cinder", "POST", `/types/${id}/action`, { who: "B", body }).status).toBe(403);
  });
});
