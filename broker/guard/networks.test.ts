import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonical } from "../osb/canonical.ts";
import { networksOf } from "./networks.ts";

const OTHERS = ["10.0.0.0/24"];
const NETWORKS = [
  { organization: "o", cidrs: ["10.1.0.0/16"] },
  { space: "s", cidrs: ["10.2.0.0/16", "10.3.0.0/16"] },
  { application: "a", cidrs: ["10.4.0.1/32"] },
];

/** A binding's request, as the broker keeps it. */
const requestOf = (who: {
  app?: string;
  legacyApp?: string;
  space?: string;
  boundSpace?: string;
  organization?: string;
}): string =>
  canonical({
    app: who.legacyApp,
    resource: { app_guid: who.app, space_guid: who.boundSpace },
    owner: canonical({ organization: who.organization, space: who.space }),
  });

describe("the networks of a binding", () => {
  it("are those of the application, or else of the space, the organization, or the default ones", () => {
    const of = (who: Parameters<typeof requestOf>[0]): readonly string[] =>
      networksOf(requestOf(who), NETWORKS, OTHERS);
    expect(of({ app: "a", space: "s", organization: "o" })).toEqual(["10.4.0.1/32"]);
    expect(of({ legacyApp: "a", space: "s" })).toEqual(["10.4.0.1/32"]);
    expect(of({ app: "b", space: "s", organization: "o" })).toEqual(["10.2.0.0/16", "10.3.0.0/16"]);
    expect(of({ space: "t", boundSpace: "s" })).toEqual(["10.2.0.0/16", "10.3.0.0/16"]);
    expect(of({ app: "b", space: "t", organization: "o" })).toEqual(["10.1.0.0/16"]);
    expect(of({ app: "b" })).toEqual(OTHERS);
    expect(of({})).toEqual(OTHERS);
  });

  it("are never those of anybody whom the request does not name", () => {
    const id = fc.constantFrom("a", "b", "s", "o", undefined);
    const who = fc.record({ app: id, space: id, boundSpace: id, organization: id });
    fc.assert(
      fc.property(who, (each) => {
        const named = Object.fromEntries(Object.entries(each).filter(([, value]) => value !== undefined));
        const open = networksOf(requestOf(named), NETWORKS, OTHERS);
        if (each.app !== "a") expect(open).not.toContain("10.4.0.1/32");
        if ((each.boundSpace ?? each.space) !== "s") expect(open).not.toContain("10.2.0.0/16");
        if (each.organization !== "o") expect(open).not.toContain("10.1.0.0/16");
      }),
    );
  });
});
