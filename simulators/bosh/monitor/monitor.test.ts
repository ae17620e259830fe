import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { expectsVm } from "../state/deployments.ts";
import { deployGroups, endsOf, isUp, MINUTE_MS, SCAN } from "../testing/monitor.ts";

describe("an instance without a VM", () => {
  it("raises an alert every minute, and is recreated with its id, address and disk", async () => {
    const bench = await deployGroups({ w: 1 }, 1024);
    const instance = bench.instance("x", "w");
    const { ips, disk } = instance;
    bench.deleteVm(instance);
    expect(instance.vm).toBeNull();
    bench.pass(3 * MINUTE_MS);
    expect(bench.alerts()).toContain(`${instance.id} has no VM`);
    expect(bench.alerts()).toContain("x has instances which do not have VMs");
    expect(isUp(bench, instance)).toBe(true);
    expect(instance).toMatchObject({
      ips,
      disk,
      state: "started",
      vm: { jobState: "running", mountedDisk: disk?.cid },
    });
  });

  it("is repaired in the end, however often a repair fails halfway", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("cpi:create_vm", "cpi:set_vm_metadata", "cpi:delete_vm"),
        fc.integer({ min: 1, max: 4 }),
        async (point, count) => {
          const bench = await deployGroups({ w: 2 });
          const instance = bench.instance("x", "w");
          bench.kernel.faults.arm({ point, count, effect: { kind: "error", message: "out of luck" } });
          bench.loseVm(instance);
          bench.pass((count + 4) * 2 * MINUTE_MS);
          expect(isUp(bench, instance)).toBe(true);
          expect(endsOf(bench).filter((state) => state === "error").length).toBeGreaterThan(0);
          expect(endsOf(bench).at(-1)).toBe("done");
        },
      ),
      { numRuns: 12 },
    );
  });

  it("is not forgotten when the worker of its repair dies", async () => {
    const bench = await deployGroups({ w: 1 });
    const instance = bench.instance("x", "w");
    bench.kernel.faults.arm({ point: "director:task", match: { type: "cck_scan_and_fix" }, effect: { kind: "stuck" } });
    bench.deleteVm(instance);
    bench.pass(2 * MINUTE_MS);
    expect(endsOf(bench)).toEqual(["processing"]);
    bench.pass(5 * MINUTE_MS);
    expect(isUp(bench, instance)).toBe(true);
  });

  it("is expected to have one only if it is an applied service and not detached", async () => {
    const bench = await deployGroups({ w: 1 });
    const instance = bench.instance("x", "w");
    expect(expectsVm(instance)).toBe(true);
    expect(expectsVm({ ...instance, state: "stopped" })).toBe(true);
    expect(expectsVm({ ...instance, ignore: true })).toBe(true);
    expect(expectsVm({ ...instance, state: "detached" })).toBe(false);
    expect(expectsVm({ ...instance, errand: true })).toBe(false);
    expect(expectsVm({ ...instance, applied: null })).toBe(false);
    expect(expectsVm({ ...instance, applied: { stemcell: "made, and not yet applied" } })).toBe(false);
  });

  it("is left alone after a hard stop", async () => {
    const bench = await deployGroups({ w: 2 });
    const reply = bench.send("PUT", "/deployments/x/jobs/w/0?state=detached", { type: "text/yaml" });
    expect(bench.task(reply)).toMatchObject({ state: "done" });
    bench.pass(5 * MINUTE_MS);
    expect(bench.instance("x", "w").vm).toBeNull();
    expect([bench.alerts(), endsOf(bench)]).toEqual([[], []]);
  });

  it("gets its VM back without running jobs if it was stopped", async () => {
    const bench = await deployGroups({ w: 1 });
    bench.task(bench.send("PUT", "/deployments/x/jobs/w/0?state=stopped", { type: "text/yaml" }));
    const instance = bench.instance("x", "w");
    bench.loseVm(instance);
    bench.pass(5 * MINUTE_MS);
    expect(isUp(bench, instance)).toBe(true);
    expect(instance).toMatchObject({ state: "stopped", vm: { jobState: "stopped" } });
  });

  it("raises alerts and is scanned, but is not recreated, while it is ignored", async () => {
    const bench = await deployGroups({ w: 2 });
    const instance = bench.instance("x", "w");
    instance.ignore = true;
    bench.deleteVm(instance);
    bench.pass(3 * MINUTE_MS);
    const [first] = bench.tasks(SCAN);
    expect(bench.events(first?.id ?? 0).map(({ task }) => task)).toContain(
      "0 OK, 0 unresponsive, 0 missing, 0 unbound, 1 ignored",
    );
    expect(instance.vm).toBeNull();
    instance.ignore = false;
    bench.pass(3 * MINUTE_MS);
    expect(isUp(bench, instance)).toBe(true);
  });

  it("waits while an operator has paused the resurrection", async () => {
    const bench = await deployGroups({ w: 1 });
    const instance = bench.instance("x", "w");
    bench.json("PUT", "/resurrection", { resurrection_paused: true });
    bench.deleteVm(instance);
    bench.pass(5 * MINUTE_MS);
    expect(bench.alerts().filter((title) => title.endsWith("has no VM"))).toHaveLength(5);
    expect(endsOf(bench)).toEqual([]);
    bench.json("PUT", "/resurrection", { resurrection_paused: false });
    bench.pass(3 * MINUTE_MS);
    expect(isUp(bench, instance)).toBe(true);
  });

  it("waits while a task has locked its deployment", async () => {
    const bench = await deployGroups({ w: 1 });
    const instance = bench.instance("x", "w");
    bench.deleteVm(instance);
    const { locks } = bench.bosh.state();
    locks.set("lock:deployment:x", { name: "lock:deployment:x", taskId: 1, timeoutMs: 0 });
    bench.pass(5 * MINUTE_MS);
    expect([bench.alerts(), endsOf(bench)]).toEqual([[], []]);
    locks.delete("lock:deployment:x");
    bench.pass(3 * MINUTE_MS);
    expect(isUp(bench, instance)).toBe(true);
  });

  it("is scanned once at a time", async () => {
    const bench = await deployGroups({ w: 1 });
    bench.kernel.faults.arm({ point: "cpi:create_vm", effect: { kind: "delay", delayMs: 20 * MINUTE_MS } });
    bench.deleteVm(bench.instance("x", "w"));
    for (let minute = 0; minute < 10; minute++) {
      bench.pass(MINUTE_MS);
      // Simulates a list of the monitor that is older than the lock.
      bench.bosh.state().locks.delete("lock:deployment:x");
    }
    expect(endsOf(bench)).toEqual(["processing"]);
    expect(bench.alerts().filter((title) => title.endsWith("has no VM")).length).toBeGreaterThan(5);
  });
});

describe("an agent that is silent", () => {
  it("has its VM recreated after a minute, even while the VM lives", async () => {
    const bench = await deployGroups({ w: 2 });
    const instance = bench.instance("x", "w");
    const old = instance.vm;
    const match = { vm: old?.cid ?? "" };
    bench.kernel.faults.arm({ point: "agent:*", match, count: null, effect: { kind: "stuck" } });
    bench.pass(6 * MINUTE_MS);
    expect(bench.alerts()).toContain(`${old?.agentId} has timed out`);
    expect(bench.alerts()).toContain("x has instances with timed out agents");
    expect(instance.vm?.cid).not.toBe(old?.cid);
    expect(isUp(bench, instance)).toBe(true);
    expect(bench.dummy.isAlive(old?.cid ?? "")).toBe(false);
  });

  it("raises no alert for one missed heartbeat", async () => {
    const bench = await deployGroups({ w: 2 });
    bench.kernel.faults.arm({ point: "agent:heartbeat", count: 1, effect: { kind: "stuck" } });
    bench.pass(5 * MINUTE_MS);
    expect(bench.alerts()).toEqual([]);
  });

  it("is scanned and left alone when it answers the director", async () => {
    const bench = await deployGroups({ w: 2 });
    const instance = bench.instance("x", "w");
    const { vm } = instance;
    bench.kernel.faults.arm({ point: "agent:heartbeat", count: 20, effect: { kind: "stuck" } });
    bench.pass(4 * MINUTE_MS);
    expect(endsOf(bench)[0]).toBe("done");
    expect(instance.vm).toBe(vm);
  });
});
