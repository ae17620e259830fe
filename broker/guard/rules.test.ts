import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Group, NewRule } from "./neutron.ts";
import { fromGroup, fromNetwork, ingressRule, missingRules, surplusRules } from "./rules.ts";

const groupOf = (rules: readonly NewRule[]): Group => ({
  id: "g",
  name: "guard_i",
  security_group_rules: rules.map((rule, at) => ({ ...rule, id: `r${at}` })),
});

const rule = fc
  .tuple(fc.constantFrom(3100, 5432), fc.constantFrom("10.0.0.0/24", "10.0.1.0/24", "10.0.0.7/32"), fc.boolean())
  .map(([port, cidr, isGroup]) => ingressRule(port, isGroup ? fromGroup("g") : fromNetwork(cidr)));
const rules = fc.uniqueArray(rule, { selector: (each) => JSON.stringify(each), maxLength: 6 });

describe("the rules of a group", () => {
  it("lack exactly what is wanted but missing, and have in excess exactly what is present but unwanted", () => {
    fc.assert(
      fc.property(rules, rules, (there, wanted) => {
        const group = groupOf(there);
        const has = (list: readonly NewRule[], one: NewRule): boolean =>
          list.some((each) => JSON.stringify(each) === JSON.stringify(one));
        expect(missingRules(group, wanted)).toEqual(wanted.filter((each) => !has(there, each)));
        expect(surplusRules(group, wanted).map(({ id }) => id)).toEqual(
          there.flatMap((each, at) => (has(wanted, each) ? [] : [`r${at}`])),
        );
      }),
    );
  });

  it("are as wanted once the missing ones are added and the excess ones deleted", () => {
    fc.assert(
      fc.property(rules, rules, (there, wanted) => {
        const group = groupOf(there);
        const surplus = new Set(surplusRules(group, wanted).map(({ id }) => id));
        const kept = group.security_group_rules.filter(({ id }) => !surplus.has(id));
        const result = groupOf([...kept, ...missingRules(group, wanted)]);
        expect(missingRules(result, wanted)).toEqual([]);
        expect(surplusRules(result, wanted)).toEqual([]);
      }),
    );
  });

  it("are the same rule however a network is written", () => {
    const group = groupOf([{ ...ingressRule(5432, fromNetwork("10.0.0.0/24")), remote_ip_prefix: "10.0.0.9/24" }]);
    expect(missingRules(group, [ingressRule(5432, fromNetwork("10.0.0.77/24"))])).toEqual([]);
  });

  it.each([
    ["protocol", "udp"],
    ["port_range_max", 5433],
    ["direction", "egress"],
    ["ethertype", "IPv6"],
  ])("are another rule with another %s", (member, value) => {
    const wanted = ingressRule(5432, fromNetwork("10.0.0.0/24"));
    expect(missingRules(groupOf([{ ...wanted, [member]: value }]), [wanted])).toEqual([wanted]);
  });

  it("for egress are ignored", () => {
    const egress = { ...ingressRule(5432, fromNetwork("0.0.0.0/0")), direction: "egress" };
    expect(surplusRules(groupOf([egress]), [])).toEqual([]);
  });
});
