import { createHash } from "node:crypto";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { TwoProjectCloud } from "../testing.ts";
import { chooseLines } from "./wire/listing.ts";

const linesOf = (names: readonly string[], query: string): readonly string[] =>
  chooseLines(names, new URLSearchParams(query)).map((line) => ("name" in line ? line.name : line.subdir));

describe("a listing", () => {
  const name = fc.string({ minLength: 1, maxLength: 6, unit: fc.constantFrom("a", "b", "/", "ü", "ﬀ", "😀") });
  const names = fc.uniqueArray(name, { maxLength: 20 });

  it("shows every line once, in byte order, to a client that follows the markers", () => {
    fc.assert(
      fc.property(names, fc.integer({ min: 1, max: 5 }), fc.constantFrom("", "/"), (all, limit, delimiter) => {
        const query = (marker: string): string =>
          new URLSearchParams({ limit: `${limit}`, delimiter, marker }).toString();
        const seen: string[] = [];
        for (let page = linesOf(all, query("")); page.length > 0; page = linesOf(all, query(seen.at(-1) ?? "")))
          seen.push(...page);
        expect(seen).toEqual(linesOf(all, `delimiter=${delimiter}`));
        expect(seen).toEqual([...seen].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
      }),
    );
  });

  it("puts a character beyond U+FFFF after one below it, although its UTF-16 sorts first", () => {
    expect(linesOf(["😀", "ﬀ"], "")).toEqual(["ﬀ", "😀"]);
  });

  it("is reversed on request", () => {
    fc.assert(
      fc.property(names, (all) => {
        expect(linesOf(all, "reverse=true")).toEqual([...linesOf(all, "")].reverse());
      }),
    );
  });

  it.each<readonly [string, readonly string[]]>([
    ["prefix=a/", ["a/1", "a/b/2", "a/b/3"]],
    ["delimiter=/", ["a", "a/", "c"]],
    ["prefix=a/&delimiter=/", ["a/1", "a/b/"]],
    ["path=a", ["a/1"]],
    ["marker=a/1&end_marker=c", ["a/b/2", "a/b/3"]],
    ["marker=c&reverse=1&limit=1", ["a/b/3"]],
  ])("answers %s", (query, expected) => {
    expect(linesOf(["c", "a/b/3", "a", "a/1", "a/b/2"], query)).toEqual(expected);
  });

  it("refuses a limit above the maximum", () => {
    expect(() => linesOf([], "limit=10001")).toThrow("Maximum limit is 10000");
  });
});

describe("large objects", () => {
  let cloud: TwoProjectCloud;
  const call = (method: string, path: string, body?: unknown) => cloud.call("A", method, "object-store", path, body);
  const md5 = (text: string): string => createHash("md5").update(text).digest("hex");

  beforeAll(async () => {
    cloud = await TwoProjectCloud.open({}, 1);
    await call("PUT", "/box", "");
    for (const [name, text] of [
      ["1", "one"],
      ["2", "two"],
    ])
      await call("PUT", `/box/part/${name}`, text);
  });

  it("deliver their segments in the manifest's order, with the digest of their digests", async () => {
    const manifest = [{ path: "/box/part/2", etag: md5("two"), size_bytes: 3 }, { path: "/box/part/1" }];
    expect((await call("PUT", "/box/large?multipart-manifest=put", manifest)).status).toBe(201);
    const { body, headers } = await call("GET", "/box/large");
    expect(body).toBe("twoone");
    expect(headers.etag).toBe(`"${md5(md5("two") + md5("one"))}"`);
  });

  it("are refused when a segment is missing or differs", async () => {
    const refusal = await call("PUT", "/box/bad?multipart-manifest=put", [
      { path: "/box/part/9" },
      { path: "/box/part/1", size_bytes: 4 },
      { path: "/box/part/2", etag: "x" },
    ]);
    expect(refusal).toMatchObject({
      status: 400,
      body: {
        Errors: [
          ["/box/part/9", "404 Not Found"],
          ["/box/part/1", "Size Mismatch"],
          ["/box/part/2", "Etag Mismatch"],
        ],
      },
    });
  });

  it("are invalidated by a segment that changes", async () => {
    await call("PUT", "/box/segment", "old");
    await call("PUT", "/box/spoilt?multipart-manifest=put", [{ path: "/box/segment" }]);
    await call("PUT", "/box/segment", "new");
    expect((await call("GET", "/box/spoilt")).status).toBe(409);
  });

  it("are deleted with their segments on request", async () => {
    await call("PUT", "/box/gone-1", "x");
    await call("PUT", "/box/gone?multipart-manifest=put", [{ path: "/box/gone-1" }]);
    expect((await call("DELETE", "/box/gone?multipart-manifest=delete")).body).toMatchObject({ "Number Deleted": 2 });
    expect((await call("GET", "/box/gone-1")).status).toBe(404);
  });

  it("count against a container's quota as soon as the proxy looks again", async () => {
    await call("PUT", "/small", "");
    await call("PUT", "/small/a", "12345");
    expect((await call("GET", "/small")).headers["x-container-bytes-used"]).toBe("5");
  });
});

describe("an account", () => {
  it("counts the objects of its containers after half a minute", async () => {
    const cloud = await TwoProjectCloud.open({}, 1);
    const readUsage = async (): Promise<string | undefined> =>
      (await cloud.call("A", "GET", "object-store", "")).headers["x-account-bytes-used"];
    await cloud.call("A", "PUT", "object-store", "/box", "");
    await cloud.call("A", "PUT", "object-store", "/box/o", "12345");
    expect(await readUsage()).toBe("0");
    cloud.sleep(30_000);
    expect(await readUsage()).toBe("5");
  });
});
