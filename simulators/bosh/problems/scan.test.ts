import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TestDirector, manifestOf } from "../testing/director.ts";
import { applyResolutions, countsOf, deployGroups, fix, freeze, names, problems, scan } from "../testing/problems.ts";

describe("a scan", () => {
  it("reports an instance whose VM was deleted, and offers to recreate it", async () => {
    const bench = await deployGroups();
    const instance = bench.instance("x", "w");
    bench.deleteVm(instance);
    const task = scan(bench);
    expect(task).toMatchObject({ state: "done", result: "scan complete" });
    expect(countsOf(task, /VMs$/)).toBe("1 OK, 0 unresponsive, 1 missing, 0 unbound");
    expect(problems(bench)).toEqual([
      {
        id: 1,
        type: "missing_vm",
        data: {},
        description: `VM for 'w/${instance.id} (0)' missing.`,
        resolutions: [
          { name: "ignore", plan: "Skip for now" },
          { name: "recreate_vm_without_wait", plan: "Recreate VM without waiting for processes to start" },
          { name: "recreate_vm", plan: "Recreate VM and wait for processes to start" },
          { name: "delete_vm_reference", plan: "Delete VM reference" },
        ],
        instance_group: "w",
      },
    ]);
  });

  it("names the VM that the IaaS has lost, and the one with a silent agent", async () => {
    const bench = await deployGroups();
    const [lost, frozen] = [bench.instance("x", "w", 0), bench.instance("x", "w", 1)];
    bench.loseVm(lost);
    freeze(bench, frozen);
    scan(bench);
    const [first, second] = problems(bench);
    expect(first?.description).toBe(`VM for 'w/${lost.id} (0)' with cloud ID '${lost.vm?.cid}' missing.`);
    expect(second?.description).toBe(
      `VM for 'w/${frozen.id} (1)' with cloud ID '${frozen.vm?.cid}' is not responding.`,
    );
    const always = ["recreate_vm_without_wait", "recreate_vm"];
    expect(names(first)).toEqual(["ignore", ...always, "delete_vm_reference"]);
    expect(names(second)).toEqual(["ignore", "reboot_vm", ...always, "delete_vm", "delete_vm_reference"]);
  });

  it("counts each instance that should have a VM in one class", async () => {
    const state = fc.record({
      loss: fc.constantFrom("none", "deleted", "lost", "frozen"),
      state: fc.constantFrom("started" as const, "stopped" as const, "detached" as const),
      ignore: fc.boolean(),
      errand: fc.boolean(),
      applied: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(state, { minLength: 3, maxLength: 3 }), async (wanted) => {
        const bench = await deployGroups(3);
        const all = wanted.map((each, index) => ({ each, instance: bench.instance("x", "w", index) }));
        for (const { each, instance } of all) {
          if (each.loss === "deleted") bench.deleteVm(instance);
          if (each.loss === "lost") bench.loseVm(instance);
          if (each.loss === "frozen") freeze(bench, instance);
          const { ignore, errand, state: desired } = each;
          Object.assign(instance, { ignore, errand, state: desired, ...(!each.applied && { applied: null }) });
        }
        const expected = wanted.filter((each) => each.applied && !each.errand && each.state !== "detached");
        const ignored = expected.filter(({ ignore }) => ignore).length;
        const has = (...losses: readonly string[]): number =>
          expected.filter(({ ignore, loss }) => !ignore && losses.includes(loss)).length;
        const tail = ignored === 0 ? "" : `, ${ignored} ignored`;
        const task = scan(bench);
        expect(countsOf(task, new RegExp(`^Scanning ${expected.length} VMs$`))).toBe(
          `${has("none")} OK, ${has("frozen")} unresponsive, ${has("deleted", "lost")} missing, 0 unbound${tail}`,
        );
        expect(problems(bench)).toHaveLength(has("frozen", "deleted", "lost"));
      }),
      { numRuns: 40 },
    );
  });

  it("closes what earlier scans found", async () => {
    const bench = await deployGroups();
    bench.deleteVm(bench.instance("x", "w"));
    scan(bench);
    scan(bench);
    expect(problems(bench).map(({ id }) => id)).toEqual([2]);
    expect(applyResolutions(bench, { 1: "recreate_vm" }).result).toBe("0 resolved");
  });

  it("does not wait for a deployment that is locked", async () => {
    const bench = await deployGroups();
    bench.bosh.state().locks.set("lock:deployment:x", { name: "lock:deployment:x", taskId: 1, timeoutMs: 0 });
    const result = "Unable to get deployment lock, maybe a deployment is in progress. Try again later.";
    expect(scan(bench)).toMatchObject({ state: "error", result });
    expect(fix(bench, { w: [0] })).toMatchObject({ state: "error", result });
  });
});

describe("disks", () => {
  it("that are lost are reported by the disk's row, and become orphans when given up", async () => {
    const bench = new TestDirector();
    await bench.ready();
    // Not the rows of the instances.
    bench.bosh.state().diskRows = 40;
    bench.deployText(manifestOf({ w: 2 }, { diskMb: 100 }));
    const instance = bench.instance("x", "w", 1);
    const { disk } = instance;
    bench.kernel.spawn("loss", bench.dummy.deleteDisk(disk?.cid ?? ""));
    bench.pass(0);
    const task = scan(bench);
    expect(countsOf(task, /disks$/)).toBe("1 OK, 1 missing, 0 inactive, 0 mount-info mismatch");
    expect(problems(bench)[0]?.description).toBe(`Disk '${disk?.cid}' (w/${instance.id}, 100M) is missing`);
    const { result, events } = applyResolutions(bench, { 1: "delete_disk_reference" });
    expect(result).toBe("1 resolved");
    expect(events[0]?.task).toMatch(new RegExp(`\\(missing_disk ${disk?.row}\\): Delete disk reference`));
    expect(disk?.row).toBeGreaterThan(40);
    expect(bench.send("GET", "/disks").json).toMatchObject([{ disk_cid: disk?.cid }]);
    expect(instance).toMatchObject({ disk: null, vm: { mountedDisk: null } });
  });

  it("that a repair has not mounted are reported and mounted again", async () => {
    const bench = await deployGroups(1, { diskMb: 100 });
    const instance = bench.instance("x", "w");
    bench.deleteVm(instance);
    scan(bench);
    bench.kernel.faults.arm({ point: "cpi:attach_disk", effect: { kind: "error", message: "no bus" } });
    expect(applyResolutions(bench, { 1: "recreate_vm" }).result).toContain("with message 'no bus' in 'attach_disk'");
    expect(instance).toMatchObject({ clean: false, vm: { mountedDisk: null } });
    const task = scan(bench);
    expect(countsOf(task, /VMs$/)).toBe("1 OK, 0 unresponsive, 0 missing, 0 unbound");
    expect(countsOf(task, /disks$/)).toBe("0 OK, 0 missing, 0 inactive, 1 mount-info mismatch");
    const [problem] = problems(bench);
    expect(problem).toMatchObject({ type: "mount_info_mismatch", data: { owner_vms: [] } });
    expect(problem?.description.split("\n").at(-1)).toBe("\tNot mounted in any VM");
    expect(names(problem)).toEqual(["ignore", "reattach_disk", "reattach_disk_and_reboot"]);
    expect(applyResolutions(bench, { 2: "reattach_disk" }).result).toBe("1 resolved");
    expect(countsOf(scan(bench), /disks$/)).toBe("1 OK, 0 missing, 0 inactive, 0 mount-info mismatch");
  });

  it("of agents that are silent, or of ignored instances, are not reported", async () => {
    const bench = await deployGroups(2, { diskMb: 100 });
    const frozen = bench.instance("x", "w", 0);
    freeze(bench, frozen);
    if (frozen.vm !== null) frozen.vm.mountedDisk = null;
    bench.instance("x", "w", 1).ignore = true;
    expect(countsOf(scan(bench), /^Scanning 1 persistent disks$/)).toBe(
      "1 OK, 0 missing, 0 inactive, 0 mount-info mismatch",
    );
  });
});
