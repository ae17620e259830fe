import { expect, it } from "vitest";
import { manifestOf, TestDirector } from "../testing/director.ts";

it("keeps for a new group what was reserved while the group that goes still had its addresses", async () => {
  const director = new TestDirector();
  await director.ready();
  const ipsOf = (group: string): readonly string[] => director.instance("x", group).ips.map(({ ip }) => ip);
  director.deployText(manifestOf({ old: 2 }));
  const before = ipsOf("old");
  const third = (ip: string): string => ip.replace(/\d+$/, (last) => String(Number(last) + 2));
  director.deployText(manifestOf({ fresh: 1 }));
  expect(ipsOf("fresh")).toEqual(before.map(third));
});
