import { expect, it } from "vitest";
import { TwoProjectCloud } from "../../testing.ts";

type Group = { readonly id: string; readonly rules: readonly { readonly id: string }[] };

it("makes groups in Neutron, and deletes a rule with the group that it admits", async () => {
  const cloud = await TwoProjectCloud.open({}, 1);
  const make = async (name: string): Promise<string> => {
    const made = await cloud.call("A", "POST", "compute", "/os-security-groups", { security_group: { name } });
    return (made.body as { security_group: Group }).security_group.id;
  };
  const [group, peer] = [await make("group"), await make("peer")];
  expect(await cloud.list("A", "security")).toEqual(expect.arrayContaining([group, peer]));
  const rule = { parent_group_id: group, ip_protocol: "tcp", from_port: 22, to_port: 22, group_id: peer };
  await cloud.call("A", "POST", "compute", "/os-security-group-rules", { security_group_rule: rule });
  const rules = async (): Promise<number> => {
    const { body } = await cloud.call("A", "GET", "compute", `/os-security-groups/${group}`);
    return (body as { security_group: Group }).security_group.rules.length;
  };
  expect(await rules()).toBe(1);
  expect((await cloud.call("B", "DELETE", "compute", `/os-security-groups/${peer}`)).status).toBe(404);
  expect((await cloud.call("A", "DELETE", "compute", `/os-security-groups/${peer}`)).status).toBe(202);
  expect(await rules()).toBe(0);
});
