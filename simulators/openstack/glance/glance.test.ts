import { beforeAll, describe, expect, it } from "vitest";
import { TwoProjectCloud, type ProjectName } from "../testing.ts";

interface Image {
  readonly id: string;
  readonly name: string;
}

describe("the list of images", () => {
  let cloud: TwoProjectCloud;
  const make = async (who: ProjectName, fields: object): Promise<string> => {
    const { body } = await cloud.call(who, "POST", "image", "/images", {
      disk_format: "raw",
      container_format: "bare",
      ...fields,
    });
    return (body as Image).id;
  };
  const list = async (query: string, who: ProjectName = "A"): Promise<readonly string[]> => {
    const { body } = await cloud.call(who, "GET", "image", `/images?${query}`);
    return (body as { images: readonly Image[] }).images
      .map(({ name }) => name)
      .filter((name) => !name.startsWith("rec-"));
  };

  beforeAll(async () => {
    cloud = await TwoProjectCloud.open({}, 1);
    await make("A", { name: "old", min_ram: 64, tags: ["x"], os_distro: "debian" });
    cloud.sleep(10_000);
    const filled = await make("A", { name: "full", min_ram: 512, disk_format: "qcow2", protected: true });
    await cloud.call("A", "PUT", "image", `/images/${filled}/file`, "0123456789");
    await make("A", { name: "hidden", os_hidden: true });
    await make("A", { name: "community", visibility: "community" });
    const shared = await make("B", { name: "shared" });
    await cloud.call("B", "POST", "image", `/images/${shared}/members`, { member: cloud.projectId("A") });
  });

  it.each<readonly [string, readonly string[]]>([
    ["", ["community", "full", "old"]],
    ["sort_key=name&sort_dir=asc", ["community", "full", "old"]],
    ["sort=name:desc", ["old", "full", "community"]],
    ["tag=x", ["old"]],
    ["os_distro=debian", ["old"]],
    ["min_ram_min=65", ["full"]],
    ["min_ram_max=64&name=old", ["old"]],
    ["size_min=10&size_max=10", ["full"]],
    ["size_min=11&status=active&protected=true", []],
    ["status=in:queued,active&disk_format=qcow2", ["full"]],
    ["protected=TRUE", ["full"]],
    ["os_hidden=true", ["hidden"]],
    ["visibility=community", ["community"]],
    ["member_status=pending&visibility=shared", ["shared", "full", "old"]],
    ["member_status=accepted&visibility=shared", ["full", "old"]],
    ["limit=0", []],
    ["created_at=gt:2000-01-01T00:00:00Z&name=old", ["old"]],
    ["created_at=lt:2000-01-01T00:00:00Z", []],
  ])("answers %s", async (query, expected) => {
    expect(await list(query)).toEqual(expected);
  });

  it("lists neither private nor community images of another project", async () => {
    expect(await list("", "B")).toEqual(["shared"]);
    expect(await list("visibility=community", "B")).toEqual(["community"]);
  });

  it("shows all images once to a client that follows the links", async () => {
    const names: string[] = [];
    for (let url: string | undefined = "/images?limit=1"; url !== undefined; ) {
      const { body } = await cloud.call("A", "GET", "image", url);
      const page = body as { images: readonly Image[]; next?: string };
      names.push(...page.images.map(({ name }) => name));
      url = page.next?.slice("/v2".length);
    }
    expect(names.filter((name) => !name.startsWith("rec-"))).toEqual(await list(""));
    expect(new Set(names).size).toBe(names.length);
  });

  it.each([
    "limit=-1",
    "limit=x",
    "marker=x",
    "sort_key=owner",
    "sort_dir=up&sort_key=name",
    "visibility=x",
    "member_status=x",
    "created_at=x",
  ])("refuses %s", async (query) => {
    expect((await cloud.call("A", "GET", "image", `/images?${query}`)).status).toBe(400);
  });
});

describe("an image", () => {
  it("can't be deleted while it is protected, and its id is never reused", async () => {
    const cloud = await TwoProjectCloud.open({}, 1);
    const id = "6f70656e-7374-4163-8b69-6d6167650000";
    const body = { id, name: "i", protected: true };
    expect((await cloud.call("A", "POST", "image", "/images", body)).status).toBe(201);
    expect((await cloud.call("A", "DELETE", "image", `/images/${id}`)).status).toBe(403);
    expect((await cloud.call("B", "GET", "image", `/images/${id}`)).status).toBe(404);
  });
});
