import { describe, expect, it } from "vitest";
import { TestDirector, manifestOf } from "../testing/director.ts";
import { deployGroups } from "../testing/problems.ts";

describe("delete vm", () => {
  it("keeps the instance, and the VM if the IaaS refuses", async () => {
    const bench = await deployGroups();
    const instance = bench.instance("x", "w");
    const { vm } = instance;
    bench.kernel.faults.arm({ point: "cpi:delete_vm", effect: { kind: "error", message: "no" } });
    const failed = bench.deleteVm(instance);
    expect(failed).toMatchObject({
      state: "error",
      result: expect.stringContaining("with message 'no' in 'delete_vm'"),
    });
    expect(failed.events.map(({ state }) => state)).toEqual(["started", "failed", undefined]);
    expect(instance.vm).toBe(vm);
    expect(bench.deleteVm(instance)).toMatchObject({ state: "done", result: "true" });
    expect(bench.send("GET", "/deployments/x/instances").json).toMatchObject([
      { cid: null, agent_id: null, ips: [], expects_vm: true },
      { expects_vm: true },
    ]);
  });

  it("is recorded even for an unknown VM", async () => {
    const bench = await deployGroups(1);
    const task = bench.task(bench.send("DELETE", "/vms/nosuch"));
    expect(task).toMatchObject({ state: "done", result: "true" });
    const events = bench.bosh.state().events.filter(({ objectName }) => objectName === "nosuch");
    expect(events.map(({ action, objectType }) => [action, objectType])).toEqual([
      ["delete", "vm"],
      ["delete", "vm"],
    ]);
  });

  it("keeps an orphan on the list, with its addresses, until it is swept", async () => {
    const bench = new TestDirector({ resurrector: true });
    await bench.ready();
    bench.kernel.faults.arm({ point: "cpi:set_vm_metadata", effect: { kind: "error", message: "no" } });
    bench.kernel.faults.arm({ point: "cpi:delete_vm", effect: { kind: "error", message: "no" } });
    bench.deployText(manifestOf({ w: 1 }));
    const listed = bench.send("GET", "/orphaned_vms").json;
    const [orphan] = listed as { cid: string; ip_addresses: string[] }[];
    expect(bench.send("GET", "/cleanup/dryrun?remove_all=true").json).toMatchObject({ orphaned_vms: listed });
    expect(bench.task(bench.send("DELETE", `/vms/${orphan?.cid}`)).state).toBe("done");
    bench.pass(3 * 60_000);
    expect(bench.send("GET", "/orphaned_vms").json).toEqual([]);
    const held = [...bench.bosh.state().addresses].filter(([ip]) => orphan?.ip_addresses.includes(ip));
    const { ips, pendingIps } = bench.instance("x", "w");
    const own = [...ips.map(({ ip }) => ip), ...pendingIps];
    expect(held.filter(([ip]) => !own.includes(ip))).toEqual([]);
  });
});
