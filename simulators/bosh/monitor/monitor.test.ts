import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { expectsVm, type Instance } from "../state.ts";
import { Bench, manifestOf } from "../testing.ts";

const MINUTE_MS = 60_000;
const SCAN = "scan and fix";

async function deployed(groups: Readonly<Record<string, number>>, diskMb?: number): Promise<Bench> {
  const bench = new Bench({ resurrector: true });
  await bench.ready();
  const options = diskMb === undefined ? {} : { diskMb };
  expect(bench.deployText(manifestOf(groups, options))).toMatchObject({ state: "done" });
  return bench;
}

const endsOf = (bench: Bench): readonly string[] => bench.tasks(SCAN).map(({ state }) => state);
const isUp = (bench: Bench, { vm }: Instance): boolean => vm !== null && bench.dummy.isAlive(vm.cid);

describe("an instance without a VM", () => {
  it("is alerted on each minute, and recreated with its id, address and disk", async () => {
    const bench = await deployed({ w: 1 }, 1024);
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

  it("is repaired in the end, however often a repair fails half-way", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("cpi:create_vm", "cpi:set_vm_metadata", "cpi:delete_vm"),
        fc.integer({ min: 1, max: 4 }),
        async (point, count) => {
          const bench = await deployed({ w: 2 });
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

  it("is not forgotten by a repair of which the worker died", async () => {
    const bench = await deployed({ w: 1 });
    const instance = bench.instance("x", "w");
    bench.kernel.faults.arm({ point: "director:task", match: { type: "cck_scan_and_fix" }, effect: { kind: "stuck" } });
    bench.deleteVm(instance);
    bench.pass(2 * MINUTE_MS);
    expect(endsOf(bench)).toEqual(["processing"]);
    bench.pass(5 * MINUTE_MS);
    expect(isUp(bench, instance)).toBe(true);
  });

  it("is expected to have one only while it is a service that was applied and is not detached", async () => {
    const bench = await deployed({ w: 1 });
    const instance = bench.instance("x", "w");
    expect(expectsVm(instance)).toBe(true);
    expect(expectsVm({ ...instance, state: "stopped" })).toBe(true);
    expect(expectsVm({ ...instance, ignore: true })).toBe(true);
    expect(expectsVm({ ...instance, state: "detached" })).toBe(false);
    expect(expectsVm({ ...instance, errand: true })).toBe(false);
    expect(expectsVm({ ...instance, applied: null })).toBe(false);
    expect(expectsVm({ ...instance, applied: { stemcell: "made, and not yet applied" } })).toBe(false);
  });

  it("is left alone when it was stopped hard", async () => {
    const bench = await deployed({ w: 2 });
    const reply = bench.send("PUT", "/deployments/x/jobs/w/0?state=detached", { type: "text/yaml" });
    expect(bench.task(reply)).toMatchObject({ state: "done" });
    bench.pass(5 * MINUTE_MS);
    expect(bench.instance("x", "w").vm).toBeNull();
    expect([bench.alerts(), endsOf(bench)]).toEqual([[], []]);
  });

  it("gets its VM back without its jobs when it was stopped", async () => {
    const bench = await deployed({ w: 1 });
    bench.task(bench.send("PUT", "/deployments/x/jobs/w/0?state=stopped", { type: "text/yaml" }));
    const instance = bench.instance("x", "w");
    bench.loseVm(instance);
    bench.pass(5 * MINUTE_MS);
    expect(isUp(bench, instance)).toBe(true);
    expect(instance).toMatchObject({ state: "stopped", vm: { jobState: "stopped" } });
  });

  it("is alerted on and scanned, and not recreated, while it is ignored", async () => {
    const bench = await deployed({ w: 2 });
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
    const bench = await deployed({ w: 1 });
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
    const bench = await deployed({ w: 1 });
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
    const bench = await deployed({ w: 1 });
    bench.kernel.faults.arm({ point: "cpi:create_vm", effect: { kind: "delay", delayMs: 20 * MINUTE_MS } });
    bench.deleteVm(bench.instance("x", "w"));
    for (let minute = 0; minute < 10; minute++) {
      bench.pass(MINUTE_MS);
      // As if the monitor's list were older than the lock.
      bench.bosh.state().locks.delete("lock:deployment:x");
    }
    expect(endsOf(bench)).toEqual(["processing"]);
    expect(bench.alerts().filter((title) => title.endsWith("has no VM")).length).toBeGreaterThan(5);
  });
});

describe("an agent that is silent", () => {
  it("has its VM recreated after a minute, also while the VM lives", async () => {
    const bench = await deployed({ w: 2 });
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

  it("is not alerted on for one heartbeat that is missed", async () => {
    const bench = await deployed({ w: 2 });
    bench.kernel.faults.arm({ point: "agent:heartbeat", count: 1, effect: { kind: "stuck" } });
    bench.pass(5 * MINUTE_MS);
    expect(bench.alerts()).toEqual([]);
  });

  it("is scanned and left alone when it answers the director", async () => {
    const bench = await deployed({ w: 2 });
    const instance = bench.instance("x", "w");
    const { vm } = instance;
    bench.kernel.faults.arm({ point: "agent:heartbeat", count: 20, effect: { kind: "stuck" } });
    bench.pass(4 * MINUTE_MS);
    expect(endsOf(bench)[0]).toBe("done");
    expect(instance.vm).toBe(vm);
  });
});

describe("a meltdown", () => {
  const cases = [
    { total: 4, down: 4, melts: false },
    { total: 5, down: 4, melts: false },
    { total: 5, down: 5, melts: true },
    { total: 25, down: 5, melts: true },
    { total: 26, down: 5, melts: false },
  ];
  it.each(cases)(
    "of $down of $total instances: $melts",
    async ({ total, down, melts }) => {
      const bench = await deployed({ w: total });
      const { instances } = bench.bosh.state().deployments.get("x") ?? { instances: [] };
      for (const each of instances.slice(0, down)) bench.loseVm(each);
      bench.pass(6 * MINUTE_MS);
      expect(bench.alerts().includes("We are in meltdown")).toBe(melts);
      expect(endsOf(bench).length > 0).toBe(!melts);
      expect(instances.every((each) => isUp(bench, each))).toBe(!melts);
    },
    60_000,
  );

  it("is over ten minutes after the last alert, whoever has mended it", async () => {
    const bench = await deployed({ w: 5 });
    const { instances } = bench.bosh.state().deployments.get("x") ?? { instances: [] };
    for (const each of instances) bench.loseVm(each);
    bench.pass(4 * MINUTE_MS);
    expect(bench.alerts()).toContain("We are in meltdown");
    const scan = bench.task(bench.send("POST", "/deployments/x/scans", { type: "application/json" }));
    expect(scan.state).toBe("done");
    const { json } = bench.send("GET", "/deployments/x/problems");
    const resolutions = Object.fromEntries((json as { id: number }[]).map(({ id }) => [id, null]));
    expect(bench.task(bench.json("PUT", "/deployments/x/problems", { resolutions })).result).toBe("5 resolved");
    const [first] = instances;
    bench.deleteVm(first as Instance);
    bench.pass(8 * MINUTE_MS);
    expect(first?.vm).toBeNull();
    bench.pass(6 * MINUTE_MS);
    expect(isUp(bench, first as Instance)).toBe(true);
  });
});

describe("a config of type resurrection", () => {
  const upload = (bench: Bench, name: string, content: object): void => {
    const body = { type: "resurrection", name, content: JSON.stringify(content) };
    expect(bench.json("POST", "/configs", body).status).toBe(201);
  };

  const rule = (enabled: boolean, include: object, exclude: object = {}): object => ({ enabled, include, exclude });
  const cases: readonly (readonly [string, readonly object[], readonly string[]])[] = [
    ["allows all without rules", [], ["a", "b"]],
    ["forbids all with a rule for nobody in particular", [rule(false, {})], []],
    ["forbids a group", [rule(false, { instance_groups: ["a"] })], ["b"]],
    ["forbids a deployment", [rule(false, { deployments: ["x"] })], []],
    ["says nothing about another deployment", [rule(false, { deployments: ["y"] })], ["a", "b"]],
    ["asks for deployment and group", [rule(false, { deployments: ["x"], instance_groups: ["b"] })], ["a"]],
    ["spares whom it excludes", [rule(false, {}, { instance_groups: ["a"] })], ["a"]],
    ["excludes nobody by empty lists", [rule(false, {}, { deployments: [], instance_groups: [] })], []],
    ["is not outvoted by a rule that allows", [rule(true, {}), rule(false, { instance_groups: ["a"] })], ["b"]],
    ["is passed over where it is no rule", [{ enabled: "no" }, { include: {} }], ["a", "b"]],
  ];
  it.each(cases)("%s", async (_what, rules, revived) => {
    const bench = await deployed({ a: 1, b: 1 });
    upload(bench, "r", { rules });
    for (const group of ["a", "b"]) bench.deleteVm(bench.instance("x", group));
    bench.pass(6 * MINUTE_MS);
    expect(["a", "b"].filter((group) => isUp(bench, bench.instance("x", group)))).toEqual(revived);
    const isAnyForbidden = revived.length < 2;
    expect(bench.alerts().includes("Resurrection is disabled by resurrection config")).toBe(isAnyForbidden);
  });

  it("counts together with those of other names", async () => {
    const bench = await deployed({ a: 1, b: 1 });
    upload(bench, "r", { rules: [rule(false, { instance_groups: ["a"] })] });
    upload(bench, "s", { rules: [rule(false, { instance_groups: ["b"] })] });
    for (const group of ["a", "b"]) bench.deleteVm(bench.instance("x", group));
    bench.pass(5 * MINUTE_MS);
    expect(endsOf(bench)).toEqual([]);
  });
});
