import { afterAll, beforeAll, expect, test } from "vitest";
import { indexRows, stepsThrough } from "../../reports/live/page/paths.ts";
import { bootCloud, type Cloud } from "../../scenarios/cloud/cloud.ts";
import { OWNER, PersistentCustomer } from "../../scenarios/cloud/testing.ts";
import { liveCloud } from "./live-cloud.ts";

let cloud: Cloud;
beforeAll(async () => {
  cloud = await bootCloud({ services: ["postgresql"], seed: 5 });
});
afterAll(() => cloud.close());

test("the path from a binding leads to its VM, port, guard rule and names, and no row holds a secret", async () => {
  const live = liveCloud(cloud);
  const [broker] = cloud.brokers.list();
  if (broker === undefined) throw new Error("no broker has been deployed");
  const customer = await PersistentCustomer.of(cloud.world, broker);
  expect(await customer.ask("PUT", "/v2/service_instances/followed", OWNER)).toBe("succeeded");
  expect(await customer.ask("PUT", "/v2/service_instances/followed/service_bindings/bound", OWNER)).toBe("succeeded");
  await expect.poll(() => (live.version, live.rows().filter(({ kind }) => kind === "binding").length)).toBe(1);
  const index = indexRows(new Map(live.rows().map((row) => [row.id, row])));
  const binding = index.rows.get("binding/followed/bound");
  const steps = binding === undefined ? [] : stepsThrough(binding, index);
  const linesOf = (wanted: string): readonly string[] =>
    steps.filter(({ title }) => title === wanted).flatMap(({ lines }) => lines);
  expect(linesOf("Server")).toContain("ACTIVE");
  expect(linesOf("Volume")).toContain("in-use");
  expect(linesOf("Security group").some((line) => line.includes(cloud.description.applications))).toBe(true);
  expect(linesOf("Names in DNS").length).toBeGreaterThan(0);
  const text = JSON.stringify(live.rows());
  for (const secret of [
    broker.password,
    broker.operator.password,
    cloud.description.director.clientSecret,
    cloud.description.control.token,
  ])
    expect(text).not.toContain(secret);
});

test("a task is shown as the bosh command shows it", () => {
  const live = liveCloud(cloud);
  const deploy = live.rows().findLast((row) => row.kind === "task" && row.type === "update_deployment");
  const output = live.taskOutput(deploy?.kind === "task" ? deploy.number : 0, "event") ?? "";
  expect(output).toMatch(
    /^Task \d+\n\nTask \d+ \| \d\d:\d\d:\d\d \| Preparing deployment: Preparing deployment \(00:00:\d\d\)\n/,
  );
  expect(output).toMatch(/\nTask \d+ done$/);
  expect(live.taskOutput(99_999, "event")).toBeUndefined();
});

test("the clock can be paused, stepped event by event, and moved ahead of this machine's", () => {
  const live = liveCloud(cloud);
  expect(live.steerClock({ do: "step" })?.code).toBe("LIVE_CLOCK");
  live.steerClock({ do: "pause" });
  const { nowMs } = cloud.world.kernel;
  cloud.world.driver.arrive();
  expect(cloud.world.kernel.nowMs).toBe(nowMs);
  expect(live.steerClock({ do: "step" })).toBeUndefined();
  expect(cloud.world.kernel.nowMs).toBeGreaterThan(nowMs);
  live.steerClock({ do: "jump", ms: 3_600_000 });
  expect(cloud.world.kernel.nowMs).toBeGreaterThanOrEqual(nowMs + 3_600_000);
  live.steerClock({ do: "resume" });
  expect(live.clock()).toMatchObject({ isPaused: false, kind: "wall" });
  expect(live.clock().aheadMs).toBeGreaterThan(3_500_000);
});

test("a rule that the kernel refuses is refused with the kernel's code", () => {
  const live = liveCloud(cloud);
  expect(live.arm({ point: "no:where", effect: { kind: "reset" } })?.code).toBe("FAULT_UNKNOWN_POINT");
  expect(live.arm({ point: "nova:POST /servers", effect: { kind: "reset" } })).toBeUndefined();
  const [rule] = live.rules();
  expect(rule).toMatchObject({ point: "nova:POST /servers", effect: "reset", acted: 0 });
  expect(live.disarm(rule?.id ?? 0)).toBeUndefined();
  expect(live.rules()).toEqual([]);
});
