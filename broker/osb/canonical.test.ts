import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonical, ownerOf } from "./canonical.ts";

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
        const [a, b]: readonly unknown[] = [one, other].map((value) => JSON.parse(JSON.stringify(value)));
        if (canonical(a) === canonical(b)) expect(a).toEqual(b);
      }),
    );
  });

  it("does not count members that are undefined", () => {
    expect(canonical({ b: undefined, a: 1 })).toBe(canonical({ a: 1 }));
  });
});

describe("the owner of a thing", () => {
  const context = { platform: "cloudfoundry", organization_guid: "o", space_guid: "s" };

  it("is not changed by names and unknown members", () => {
    expect(ownerOf({ ...context, instance_name: "n", vendor: { a: 1 } })).toBe(ownerOf(context));
  });

  it.each(["platform", "organization_guid", "space_guid", "namespace", "clusterid"])("depends on %s", (member) => {
    expect(ownerOf({ ...context, [member]: "another" })).not.toBe(ownerOf(context));
  });

  it("takes organization and space from the context if the request itself has none", () => {
    expect(ownerOf(context)).toBe(ownerOf(context, "o", "s"));
    expect(ownerOf(context, "o", "another")).not.toBe(ownerOf(context));
  });
});
