import { describe, expect, it } from "vitest";
import { TestDirector, manifestOf } from "../testing/director.ts";
import { applyResolutions, countsOf, deployGroups, fix, freeze, isUp, problems, scan } from "../testing/problems.ts";

const NO_MATCH = { resolutions: {} };

describe("resolutions", () => {
  it("recreate a missing VM when nobody chooses (cck --auto)", async () => {
    const bench = await deployGroups();
    const instance = bench.instance("x", "w");
    bench.deleteVm(instance);
    scan(bench);
    const task = applyResolutions(bench, { 1: null });
    expect(task).toMatchObject({ state: "done", result: "1 resolved" });
    expect(task.events[0]?.task).toBe(
      `VM for 'w/${instance.id} (0)' missing. (missing_vm ${instance.row}): Recreate VM without waiting for processes to start`,
    );
    expect(isUp(bench, instance)).toBe(true);
    expect(countsOf(scan(bench), /VMs$/)).toBe("2 OK, 0 unresponsive, 0 missing, 0 unbound");
  });

  it("keep the id, address and disk of an instance", async () => {
    const bench = await deployGroups(1, { diskMb: 100 });
    const instance = bench.instance("x", "w");
    const { id, ips, disk } = instance;
    bench.deleteVm(instance);
    scan(bench);
    applyResolutions(bench, { 1: "recreate_vm" });
    expect(bench.instance("x", "w")).toMatchObject({ id, ips, disk, clean: true, vm: { mountedDisk: disk?.cid } });
  });

  it("wait until the jobs run, or don't, as chosen", async () => {
    const bench = await deployGroups();
    const instance = bench.instance("x", "w");
    for (const [name, state] of [
      ["recreate_vm", "error"],
      ["recreate_vm_without_wait", "done"],
    ] as const) {
      bench.loseVm(instance);
      scan(bench);
      bench.kernel.faults.arm({ point: "director:job", effect: { kind: "error", message: "does not run" } });
      const [problem] = problems(bench);
      expect(applyResolutions(bench, { [String(problem?.id)]: name }).state).toBe(state);
      bench.kernel.faults.disarm();
    }
  });

  it("leave an instance to the next scan when only the record of its VM was deleted", async () => {
    const bench = await deployGroups();
    const instance = bench.instance("x", "w");
    bench.loseVm(instance);
    scan(bench);
    expect(applyResolutions(bench, { 1: "delete_vm_reference" }).result).toBe("1 resolved");
    expect(instance.vm).toBeNull();
    scan(bench);
    expect(problems(bench)[0]?.description).toBe(`VM for 'w/${instance.id} (0)' missing.`);
  });

  it("do nothing to an agent that answers again", async () => {
    const bench = await deployGroups();
    const instance = bench.instance("x", "w");
    const { vm } = instance;
    const rule = freeze(bench, instance);
    scan(bench);
    bench.kernel.faults.disarm(rule);
    const task = applyResolutions(bench, { 1: "recreate_vm" });
    const message = "Error resolving problem '1': Agent is responding now, skipping resolution";
    expect(task).toMatchObject({ state: "error", result: message });
    expect(instance.vm).toBe(vm);
    expect(problems(bench)).toEqual([]);
  });

  it("ask a silent agent once before they delete its VM", async () => {
    const bench = await deployGroups();
    const instance = bench.instance("x", "w");
    const cid = instance.vm?.cid ?? "";
    freeze(bench, instance);
    scan(bench);
    const beganMs = bench.kernel.nowMs;
    expect(applyResolutions(bench, { 1: "delete_vm" }).result).toBe("1 resolved");
    expect(bench.kernel.nowMs - beganMs).toBeGreaterThanOrEqual(45_000);
    expect([instance.vm, bench.dummy.isAlive(cid)]).toEqual([null, false]);
  });

  it("leave a problem open if the IaaS failed, and count it as resolved if the choice did not fit", async () => {
    const bench = await deployGroups();
    bench.deleteVm(bench.instance("x", "w"));
    scan(bench);
    bench.kernel.faults.arm({ point: "cpi:create_vm", effect: { kind: "error", message: "no host" } });
    expect(applyResolutions(bench, { 1: "recreate_vm" }).result).toContain(
      "Error resolving problem '1': CPI error 'Bosh::Clouds::CloudError' with message 'no host' in 'create_vm'",
    );
    expect(problems(bench).map(({ id }) => id)).toEqual([1]);
    expect(applyResolutions(bench, { 1: "reboot_vm" }).result).toBe(
      "Error resolving problem '1': Cannot find 'reboot_vm' resolution for 'Bosh::Director::ProblemHandlers::MissingVM'",
    );
    expect(problems(bench)).toEqual([]);
    expect(applyResolutions(bench, { 1: "recreate_vm" }).events[0]?.task).toBe(
      "Ignoring problem 1 (state is 'resolved')",
    );
  });

  it("continue with the others if one fails, and report each failure", async () => {
    const bench = await deployGroups(3);
    for (const index of [0, 1, 2]) bench.deleteVm(bench.instance("x", "w", index));
    scan(bench);
    const task = applyResolutions(bench, { 1: "nosuch", 2: "recreate_vm", 3: "other" });
    const line = (id: number, name: string): string =>
      `Error resolving problem '${id}': Cannot find '${name}' resolution for 'Bosh::Director::ProblemHandlers::MissingVM'`;
    expect(task.events.at(-1)).toMatchObject({
      error: { code: 100, message: `${line(1, "nosuch")}\n${line(3, "other")}` },
    });
    expect([0, 1, 2].map((index) => isUp(bench, bench.instance("x", "w", index)))).toEqual([false, true, false]);
  });

  const widths = [
    { maxInFlight: 1, overrides: {}, width: 1 },
    { maxInFlight: 2, overrides: {}, width: 2 },
    { maxInFlight: 1, overrides: { w: "50%" }, width: 2 },
    { maxInFlight: 4, overrides: { w: 1 }, width: 1 },
  ];
  it.each(widths)(
    "work on $width of 4 at once ($maxInFlight, $overrides)",
    async ({ maxInFlight, overrides, width }) => {
      const bench = await deployGroups(4, { maxInFlight });
      for (const index of [0, 1, 2, 3]) bench.deleteVm(bench.instance("x", "w", index));
      scan(bench);
      const wishes = { 1: "recreate_vm", 2: "recreate_vm", 3: "recreate_vm", 4: "recreate_vm" };
      const { result, events } = applyResolutions(bench, wishes, { max_in_flight_overrides: overrides });
      expect(result).toBe("4 resolved");
      let [open, widest] = [0, 0];
      for (const { state } of events) {
        open += state === "started" ? 1 : -1;
        widest = Math.max(widest, open);
      }
      expect(widest).toBe(width);
    },
  );

  const refused: readonly (readonly [object, number, string])[] = [
    [{}, 410003, "Invalid format for resolutions, Hash expected, NilClass is given"],
    [{ resolutions: [] }, 410003, "Invalid format for resolutions, Hash expected, Array is given"],
    [{ resolutions: "x" }, 410003, "Invalid format for resolutions, Hash expected, String is given"],
    [{ resolutions: 1.5 }, 410003, "Invalid format for resolutions, Hash expected, Float is given"],
    [{ ...NO_MATCH, max_in_flight_overrides: "x" }, 100, "undefined method 'inject' for an instance of String"],
  ];
  it.each(refused)("refuse %j", async (body, code, message) => {
    const bench = await deployGroups(1);
    const { events } = bench.task(bench.json("PUT", "/deployments/x/problems", body));
    expect(events).toMatchObject([{ error: { code, message } }]);
  });

  it("are refused with an empty 500 if the body is not an object", async () => {
    const bench = await deployGroups(1);
    expect(bench.json("PUT", "/deployments/x/problems", []).status).toBe(500);
    expect(bench.json("PUT", "/deployments/x/scan_and_fix", { jobs: [] }).status).toBe(500);
    expect(bench.json("PUT", "/deployments/x/scan_and_fix", {}).status).toBe(500);
  });

  it("wait for the lock for a while, as a deploy does", async () => {
    const bench = await deployGroups();
    bench.deleteVm(bench.instance("x", "w"));
    scan(bench);
    const { locks } = bench.bosh.state();
    locks.set("lock:deployment:x", { name: "lock:deployment:x", taskId: 1, timeoutMs: 0 });
    bench.kernel.schedule(5000, () => void locks.delete("lock:deployment:x"));
    expect(applyResolutions(bench, { 1: null }).result).toBe("1 resolved");
  });

  it("need a deployment with a successful deploy", async () => {
    const bench = new TestDirector();
    await bench.ready();
    bench.kernel.faults.arm({ point: "director:job", effect: { kind: "error", message: "does not run" } });
    expect(bench.deployText(manifestOf({ w: 1 })).state).toBe("error");
    const instance = bench.instance("x", "w");
    bench.deleteVm(instance);
    expect(countsOf(scan(bench), /VMs$/)).toBe("0 OK, 0 unresponsive, 1 missing, 0 unbound");
    expect(applyResolutions(bench, { 1: null }).state).toBe("error");
    expect(fix(bench, { w: [0] }).state).toBe("error");
    expect(instance.vm).toBeNull();
  });

  it("recreate an instance that a failed deploy has added", async () => {
    const bench = await deployGroups(1);
    bench.kernel.faults.arm({ point: "director:job", effect: { kind: "error", message: "does not run" } });
    expect(bench.deployText(manifestOf({ w: 2 })).state).toBe("error");
    const added = bench.instance("x", "w", 1);
    bench.deleteVm(added);
    scan(bench);
    expect(applyResolutions(bench, { 1: null }).result).toBe("1 resolved");
    expect(isUp(bench, added)).toBe(true);
  });

  it("run the post-deploy scripts afterwards, and skip silent agents", async () => {
    const bench = await deployGroups();
    freeze(bench, bench.instance("x", "w", 1));
    const beganMs = bench.kernel.nowMs;
    expect(applyResolutions(bench, {}).result).toBe("0 resolved");
    expect(bench.kernel.nowMs - beganMs).toBeGreaterThanOrEqual(10_000);
    bench.kernel.faults.arm({ point: "agent:run_script", effect: { kind: "error", message: "script failed" } });
    expect(applyResolutions(bench, {}).state).toBe("error");
  });

  it("can only close a problem if its VM has vanished", async () => {
    const bench = await deployGroups();
    const instance = bench.instance("x", "w");
    freeze(bench, instance);
    scan(bench);
    bench.deleteVm(instance);
    expect(problems(bench)).toMatchObject([
      {
        type: "unresponsive_agent",
        description: `Problem (unresponsive_agent ${instance.row}) is no longer valid: VM '' is no longer in the database`,
        resolutions: [{ name: "close", plan: "Close problem" }],
      },
    ]);
    expect(applyResolutions(bench, { 1: null }).result).toBe("1 resolved");
  });
});
