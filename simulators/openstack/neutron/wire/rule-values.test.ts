import { describe, expect, it } from "vitest";
import type { NewRule } from "../behaviour/security-groups.ts";
import { refusalOf } from "../testing.ts";
import { checkRule, ethertype, portNumber, protocol, remotePrefix } from "./rule-values.ts";

describe("a rule", () => {
  it.each<[Partial<NewRule>, string | undefined]>([
    [{ protocol: "tcp", portMin: 1, portMax: 65_535 }, undefined],
    [{ protocol: "tcp", portMin: 80, portMax: 79 }, "SecurityGroupInvalidPortRange"],
    [{ protocol: "tcp", portMin: 80, portMax: null }, "SecurityGroupInvalidPortRange"],
    [{ protocol: "tcp", portMin: 0, portMax: 80 }, "SecurityGroupInvalidPortValue"],
    [{ protocol: null, portMin: 80, portMax: 80 }, "SecurityGroupProtocolRequiredWithPorts"],
    [{ protocol: "gre", portMin: 80, portMax: 80 }, "SecurityGroupInvalidProtocolForPort"],
    [{ protocol: "132", portMin: 80, portMax: 80 }, undefined],
    [{ protocol: "icmp", portMin: 255, portMax: 0 }, undefined],
    [{ protocol: "icmp", portMin: 256, portMax: 0 }, "SecurityGroupInvalidIcmpValue"],
    [{ protocol: "icmp", portMin: null, portMax: 0 }, "SecurityGroupMissingIcmpType"],
    [{ remoteIpPrefix: "fd00::/8" }, "SecurityGroupRuleParameterConflict"],
    [{ protocol: "ipv6-icmp" }, "SecurityGroupEthertypeConflictWithProtocol"],
    [{ remoteIpPrefix: "10.0.0.0/8", remoteGroupId: "group" }, "SecurityGroupMultipleRemoteEntites"],
  ])("of %j is refused as %s", (rule, refusal) =>
    expect(refusalOf(() => checkRule({ direction: "ingress", ethertype: "IPv4", ...rule }))).toBe(refusal),
  );

  it("accepts protocols by name or number, in upper or lower case", () => {
    expect(["TCP", "255", 6].map(protocol)).toEqual(["tcp", "255", "6"]);
    expect(["256", "banana", "any"].map((value) => refusalOf(() => protocol(value)))).toEqual(
      Array.from({ length: 3 }, () => "SecurityGroupRuleInvalidProtocol"),
    );
  });

  it("takes ports from 0 to 65535", () => {
    // As Python's int() reads them.
    expect([0, "65535", 1.5, true].map(portNumber)).toEqual([0, 65_535, 1, 1]);
    expect([65_536, -1, [], "1.5", ""].map((value) => refusalOf(() => portNumber(value)))).toEqual(
      Array.from({ length: 5 }, () => "SecurityGroupInvalidPortValue"),
    );
  });

  it("keeps the address of a prefix as it was given, and makes a /32 of a bare one", () => {
    expect([remotePrefix("10.1.2.3/8"), remotePrefix("10.0.0.5"), remotePrefix("FD00::5")]).toEqual([
      "10.1.2.3/8",
      "10.0.0.5/32",
      "fd00::5/128",
    ]);
    expect(refusalOf(() => remotePrefix("banana"))).toBe("InvalidCIDR");
  });

  it("writes ethertypes as the service does", () => {
    expect(ethertype("ipv6")).toBe("IPv6");
    expect(refusalOf(() => ethertype("IPv5"))).toBe("SecurityGroupRuleInvalidEtherType");
  });
});
