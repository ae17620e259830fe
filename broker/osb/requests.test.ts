import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OsbError } from "../errors.ts";
import { serviceOf } from "../spi/catalog.ts";
import {
  canonical,
  checkId,
  checkIdentity,
  checkMaintenance,
  checkVersion,
  instanceParameters,
  ownerOf,
  requiredText,
  equalInConstantTime,
} from "./requests.ts";

/** The status of what is thrown; undefined when nothing is. */
function refusal(check: () => unknown): number | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof OsbError) return error.status;
    throw error;
  }
}

describe("canonical text", () => {
  it("is the same for equal values, whatever the order of members", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const turned = Object.fromEntries(Object.entries(value).reverse());
        expect(canonical(turned)).toBe(canonical(value));
        expect(canonical(JSON.parse(JSON.stringify(value)))).toBe(canonical(value));
      }),
    );
  });

  it("differs for different values", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
        const [a, b] = [one, other].map((value) => JSON.parse(JSON.stringify(value)) as unknown);
        if (canonical(a) === canonical(b)) expect(a).toEqual(b);
      }),
    );
  });
});

describe("secrets", () => {
  it("are the same or not, whatever their length", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (given, expected) => {
        expect(equalInConstantTime(given, expected)).toBe(given === expected);
        expect(equalInConstantTime(expected, expected)).toBe(true);
      }),
    );
  });
});

describe("what a request may say", () => {
  it.each([
    ["a1b2-c3_d4.e5~f6", undefined],
    ["..", 400],
    ["a/b", 400],
    ["a b", 400],
    ["a%2fb", 400],
    ["a\u0000", 400],
    ["ａｂｃ", 400],
    ["'; drop table instances; --", 400],
    ["a".repeat(101), 400],
    ["", 400],
  ])("takes the id %j with %s", (id, status) => {
    expect(refusal(() => checkId(id))).toBe(status);
  });

  it.each([
    [undefined, undefined, 400],
    ["", 412, 412],
    ["2.17", undefined, undefined],
    ["2.99", undefined, undefined],
    ["1.0", 412, 412],
    ["3.0", 412, 412],
    ["two", 412, 412],
  ])("takes the version %s with %s for the catalog, with %s for anything else", (version, catalog, other) => {
    expect(refusal(() => checkVersion(version, "/v2/catalog"))).toBe(catalog);
    expect(refusal(() => checkVersion(version, "/v2/service_instances/:id"))).toBe(other);
  });

  it.each([
    [undefined, undefined],
    [`cloudfoundry ${Buffer.from('{"user_id":"u"}').toString("base64")}`, undefined],
    ["cloudfoundry", 400],
    ["cloudfoundry bm90IGpzb24=", 400],
    [`cloudfoundry ${Buffer.from("[]").toString("base64")}`, 400],
    ["a b c", 400],
  ])("takes the identity %s with %s", (identity, status) => {
    expect(refusal(() => checkIdentity(identity))).toBe(status);
  });

  it.each([
    [undefined, undefined],
    [{ max_connections: 20 }, undefined],
    [{ max_connections: "20" }, 400],
    [{ max_connections: 1e9 }, 400],
    [{ superuser: true }, 400],
    [[], 400],
    ["text", 400],
  ])("takes the parameters %j with %s", (parameters, status) => {
    expect(refusal(() => instanceParameters(serviceOf("postgresql"), parameters))).toBe(status);
  });

  it("knows the parameters of each service apart", () => {
    expect(refusal(() => instanceParameters(serviceOf("redis"), { max_connections: 20 }))).toBe(400);
    expect(refusal(() => instanceParameters(serviceOf("redis"), { maxmemory_policy: "allkeys-lru" }))).toBeUndefined();
  });

  it("wants text where text is due, and the maintenance of the catalog", () => {
    for (const value of [undefined, null, "", 1, {}]) expect(refusal(() => requiredText(value, "x"))).toBe(400);
    expect(refusal(() => checkMaintenance({ version: "1.0.0", description: "x" }, "1.0.0"))).toBeUndefined();
    expect(refusal(() => checkMaintenance({ version: "0.9.0" }, "1.0.0"))).toBe(422);
    expect(refusal(() => checkMaintenance({}, "1.0.0"))).toBe(400);
  });
});

describe("whose a thing is", () => {
  const context = { platform: "cloudfoundry", organization_guid: "o", space_guid: "s" };

  it("is not changed by names and unknown members", () => {
    expect(ownerOf({ ...context, instance_name: "n", vendor: { a: 1 } })).toBe(ownerOf(context));
  });

  it.each(["platform", "organization_guid", "space_guid", "namespace", "clusterid"])("depends on %s", (member) => {
    expect(ownerOf({ ...context, [member]: "another" })).not.toBe(ownerOf(context));
  });
});
