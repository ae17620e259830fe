import { describe, expect, it } from "vitest";
import { checkIdentity, checkVersion, minorOf } from "./headers.ts";
import { statusOf } from "./testing.ts";

describe("the headers of a request", () => {
  it.each([
    [undefined, undefined, 400],
    ["", 412, 412],
    ["2.17", undefined, undefined],
    ["2.99", undefined, undefined],
    ["1.0", 412, 412],
    ["3.0", 412, 412],
    ["two", 412, 412],
  ])("with version %s are answered %s for the catalog, %s for anything else", (version, catalog, other) => {
    expect(statusOf(() => checkVersion(version, "/v2/catalog"))).toBe(catalog);
    expect(statusOf(() => checkVersion(version, "/v2/service_instances/:id"))).toBe(other);
  });

  it("say which minor version a platform speaks", () => {
    expect(minorOf({ "x-broker-api-version": "2.13" })).toBe(13);
  });

  it.each([
    [undefined, undefined],
    [`cloudfoundry ${Buffer.from('{"user_id":"u"}').toString("base64")}`, undefined],
    ["cloudfoundry", 400],
    ["cloudfoundry bm90IGpzb24=", 400],
    [`cloudfoundry ${Buffer.from("[]").toString("base64")}`, 400],
    ["a b c", 400],
  ])("with identity %s are answered %s", (identity, status) => {
    expect(statusOf(() => checkIdentity(identity))).toBe(status);
  });
});
