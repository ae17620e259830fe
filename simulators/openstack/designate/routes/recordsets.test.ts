import { beforeEach, describe, expect, it } from "vitest";
import { TwoProjectCloud, type ProjectName } from "../../testing.ts";

let cloud: TwoProjectCloud;
let zoneId: string;

const send = async (
  who: ProjectName,
  method: string,
  path: string,
  body?: object,
): Promise<readonly [number, unknown]> => {
  const reply = await cloud.call(who, method, "dns", path, body);
  return [reply.status, reply.body];
};
const createZone = (name: string, who: ProjectName = "A"): Promise<readonly [number, unknown]> =>
  send(who, "POST", "/zones", { name, email: "a@example.org" });
const create = (
  name: string,
  type = "A",
  records: readonly unknown[] = ["10.0.0.1"],
): Promise<readonly [number, unknown]> => send("A", "POST", `/zones/${zoneId}/recordsets`, { name, type, records });

beforeEach(async () => {
  cloud = await TwoProjectCloud.open(
    { quotas: { zones: 2, zone_recordsets: 5, zone_records: 4, recordset_records: 3 } },
    1,
  );
  const [, body] = await createZone("example.org.");
  zoneId = (body as { id: string }).id;
});

const refusal = (type: string): object => expect.objectContaining({ type });

describe("a recordset", () => {
  it("lies in its zone, and not in one below", async () => {
    await createZone("sub.example.org.");
    expect(await create("a.other.org.")).toEqual([400, refusal("invalid_recordset_location")]);
    expect(await create("badexample.org.")).toEqual([400, refusal("invalid_recordset_location")]);
    expect(await create("a.sub.example.org.")).toEqual([400, refusal("invalid_recordset_location")]);
    expect((await create("a.example.org."))[0]).toBe(202);
  });

  it("is the only one of its type at its name; a CNAME is the only one of any type", async () => {
    expect((await create("a.example.org."))[0]).toBe(202);
    expect(await create("a.example.org.")).toEqual([409, refusal("duplicate_recordset")]);
    expect(await create("a.example.org.", "CNAME", ["b.org."])).toEqual([400, refusal("invalid_recordset_location")]);
    expect((await create("c.example.org.", "CNAME", ["b.org."]))[0]).toBe(202);
    expect(await create("c.example.org.")).toEqual([400, refusal("invalid_recordset_location")]);
    expect(await create("example.org.", "CNAME", ["b.org."])).toEqual([400, refusal("invalid_recordset_location")]);
    expect(await create("d.example.org.", "CNAME", ["b.org.", "c.org."])).toEqual([400, refusal("bad_request")]);
  });

  it("keeps only one of equal records", async () => {
    expect(await create("a.example.org.", "A", ["10.0.0.1", "10.0.0.1"])).toMatchObject([
      202,
      { records: ["10.0.0.1"] },
    ]);
  });

  it("is ACTIVE at once when it has no records", async () => {
    expect(await create("a.example.org.", "A", [])).toMatchObject([201, { status: "ACTIVE", action: "NONE" }]);
  });

  it("that the service manages can't be changed", async () => {
    const [, body] = await send("A", "GET", `/zones/${zoneId}/recordsets?type=NS`);
    const [{ id } = { id: "" }] = (body as { recordsets: readonly { id: string }[] }).recordsets;
    const path = `/zones/${zoneId}/recordsets/${id}`;
    expect(await send("A", "PUT", path, { ttl: 60 })).toEqual([400, refusal("bad_request")]);
    expect(await send("A", "DELETE", path)).toEqual([400, refusal("bad_request")]);
  });
});

describe("quotas", () => {
  it("limit the records of a recordset and of a zone, without those of the service", async () => {
    const four = ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"];
    expect(await create("a.example.org.", "A", four)).toEqual([413, refusal("over_quota")]);
    const [status, body] = await create("a.example.org.", "A", four.slice(0, 3));
    expect(status).toBe(202);
    expect(await create("b.example.org.", "A", four.slice(0, 2))).toEqual([413, refusal("over_quota")]);
    expect((await create("b.example.org.", "A", four.slice(0, 1)))[0]).toBe(202);
    const { id } = body as { id: string };
    const replace = (records: readonly string[]): Promise<readonly [number, unknown]> =>
      send("A", "PUT", `/zones/${zoneId}/recordsets/${id}`, { records });
    expect((await replace(four.slice(1)))[0]).toBe(202);
  });

  it("limit the recordsets of a zone, with those of the service", async () => {
    for (const name of ["a", "b", "c"]) expect((await create(`${name}.example.org.`, "A", []))[0]).toBe(201);
    expect(await create("d.example.org.", "A", [])).toEqual([413, refusal("over_quota")]);
  });

  it("limit the zones of a project, however many others have", async () => {
    expect((await createZone("two.org."))[0]).toBe(202);
    expect(await createZone("three.org.")).toEqual([413, refusal("over_quota")]);
    expect((await createZone("three.org.", "B"))[0]).toBe(202);
  });
});

describe("a zone", () => {
  it("lies neither below nor above another project's, and can't be created twice", async () => {
    expect(await createZone("sub.example.org.", "B")).toEqual([403, refusal("illegal_child")]);
    await createZone("deep.other.org.", "B");
    expect(await createZone("other.org.")).toEqual([403, refusal("illegal_parent")]);
    expect(await createZone("example.org.")).toEqual([409, refusal("duplicate_zone")]);
    expect(await createZone("org.")).toEqual([400, refusal("invalid_zone_name")]);
    expect((await createZone("badexample.org.", "B"))[0]).toBe(202);
  });

  it("lies below a TLD once there is one", async () => {
    const tld = { id: "tld", fields: { name: "org" }, projectId: null, createdMs: 0, updatedMs: null };
    cloud.openstack.state().designate.admin.tlds.set("tld", tld);
    expect(await createZone("example.com.")).toEqual([400, refusal("invalid_tld")]);
    expect((await createZone("another.org."))[0]).toBe(202);
  });
});

describe("a list", () => {
  const names = async (query: string): Promise<readonly string[]> => {
    const [, body] = await send("A", "GET", `/zones/${zoneId}/recordsets?type=A&${query}`);
    return (body as { recordsets: readonly { name: string }[] }).recordsets.map(({ name }) => name);
  };

  it("is filtered by patterns, sorted, and paged by a limit from 1 to 1000", async () => {
    for (const name of ["b", "a", "c"]) await create(`${name}.example.org.`, "A", []);
    expect(await names("sort_key=name&sort_dir=desc")).toEqual(["c.example.org.", "b.example.org.", "a.example.org."]);
    expect(await names("name=A.*")).toEqual(["a.example.org."]);
    expect(await names("sort_key=name&limit=2")).toEqual(["a.example.org.", "b.example.org."]);
    for (const limit of ["0", "-1", "x"])
      expect(await send("A", "GET", `/zones?limit=${limit}`)).toEqual([400, refusal("invalid_limit")]);
    for (const limit of ["max", "1001"]) expect((await send("A", "GET", `/zones?limit=${limit}`))[0]).toBe(200);
    expect(await send("A", "GET", "/zones?banana=1")).toEqual([400, refusal("bad_request")]);
  });
});
