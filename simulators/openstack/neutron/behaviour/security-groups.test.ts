import { describe, expect, it } from "vitest";
import { countOf } from "../state/quotas.ts";
import { newNeutron, PROJECT } from "../testing.ts";
import {
  addRule,
  createGroup,
  deleteGroup,
  ensureDefaultGroup,
  findSameRule,
  type NewRule,
} from "./security-groups.ts";

const HTTPS: NewRule = {
  direction: "ingress",
  ethertype: "IPv4",
  protocol: "tcp",
  portMin: 443,
  portMax: 443,
  remoteIpPrefix: "10.0.0.0/8",
};

describe("a security group", () => {
  it("finds an equal rule however it is expressed: descriptions don't count, protocols are numbers, all addresses equal none", () => {
    const neutron = newNeutron();
    const group = createGroup(neutron, PROJECT, "group", "");
    const rule = addRule(neutron, group, HTTPS);
    expect(findSameRule(group, { ...HTTPS, description: "another", protocol: "6" })).toBe(rule);
    expect(findSameRule(group, { ...HTTPS, remoteIpPrefix: "10.1.2.3/8" })).toBeUndefined();
    const open = addRule(neutron, group, { ...HTTPS, remoteIpPrefix: null });
    expect(findSameRule(group, { ...HTTPS, remoteIpPrefix: "0.0.0.0/0" })).toBe(open);
  });

  it.each<Partial<NewRule>>([
    { direction: "egress" },
    { ethertype: "IPv6" },
    { protocol: "udp" },
    { portMin: 442 },
    { portMax: 444 },
    { remoteIpPrefix: "10.0.0.0/9" },
    { remoteIpPrefix: null },
    { remoteIpPrefix: null, remoteGroupId: "another" },
  ])("has no such rule when it differs by %j", (difference) => {
    const neutron = newNeutron();
    const group = createGroup(neutron, PROJECT, "group", "");
    addRule(neutron, group, HTTPS);
    expect(findSameRule(group, { ...HTTPS, ...difference })).toBeUndefined();
  });

  it("starts with two rules that allow all outgoing traffic; the default group also admits its members", () => {
    const neutron = newNeutron();
    const group = createGroup(neutron, PROJECT, "group", "");
    expect(group.rules.map(({ direction, ethertype }) => `${direction} ${ethertype}`)).toEqual([
      "egress IPv4",
      "egress IPv6",
    ]);
    const byDefault = ensureDefaultGroup(neutron, PROJECT);
    expect(
      byDefault.rules.filter(({ direction }) => direction === "ingress").map((rule) => rule.remoteGroupId),
    ).toEqual([byDefault.id, byDefault.id]);
    expect(ensureDefaultGroup(neutron, PROJECT)).toBe(byDefault);
  });

  it("takes other groups' rules that admit its members with it, and counts them", () => {
    const neutron = newNeutron();
    const [gone, stays] = [createGroup(neutron, PROJECT, "gone", ""), createGroup(neutron, PROJECT, "stays", "")];
    addRule(neutron, stays, { direction: "ingress", ethertype: "IPv4", remoteGroupId: gone.id });
    deleteGroup(neutron, gone);
    expect(stays.rules.map(({ direction }) => direction)).toEqual(["egress", "egress"]);
    expect(countOf(neutron, PROJECT, "security_group_rule")).toBe(2);
    expect(countOf(neutron, PROJECT, "security_group")).toBe(1);
    expect([...neutron.slot.value.groupByRule.values()]).toEqual([stays.id, stays.id]);
  });
});
