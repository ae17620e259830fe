import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FaultRule } from "../kernel/index.ts";
import { DataServiceError } from "./index.ts";
import { login, rig, type Rig } from "./testing.ts";

const ADDRESSES = [5, 6, 7].map((last) => `127.64.16.${last}`);
const APP = "127.0.0.1";
const DEP = "d71da55a";
/** How long a group that is left alone takes to become complete again. */
const REST_MS = 60_000;

/** A group of three with replicas that follow. */
class Trio {
  readonly rig: Rig;
  /** Rows with an acknowledged write, and rows with an unknown outcome. */
  readonly acknowledged = new Set<string>();
  readonly unknown = new Set<string>();
  #writes = 0;

  constructor(seed = 1) {
    this.rig = rig(seed);
    for (const index of ADDRESSES.keys()) this.start(index);
    this.rig.pass(REST_MS);
    const user = JSON.stringify({ password: "p1", database: DEP });
    expect(this.rig.ask("PUT", this.primary ?? "", "/v1/credentials/u1", user).status).toBe(201);
  }

  start(index: number): void {
    this.rig.boot(ADDRESSES[index] ?? "", DEP, { index });
  }

  stop(index: number): void {
    this.rig.services.stop(ADDRESSES[index] ?? "", "postgresql");
  }

  arm(point: string, effect: FaultRule["effect"], rule: Partial<FaultRule> = {}): void {
    this.rig.kernel.faults.arm({ point: `dataservice:${point}`, effect, ...rule });
  }

  get primary(): string | undefined {
    return this.rig.services.primaryOf(DEP, "postgresql")?.address;
  }

  /** Writes a row at an address; returns the reason of a refusal. */
  write(address = this.primary): string {
    const key = `k${++this.#writes}`;
    try {
      const session = this.rig.services.session(APP, address ?? "", 5432, login(DEP));
      session.put("t", key, { key });
      session.close();
      this.acknowledged.add(key);
      return "acknowledged";
    } catch (error) {
      if (!(error instanceof DataServiceError)) throw error;
      this.unknown.add(key);
      return error.code;
    }
  }

  rowsAt(address = this.primary): readonly string[] {
    const session = this.rig.services.session(APP, address ?? "", 5432, login(DEP));
    return session.read("t").map(([key]) => key);
  }

  /** Rows that were acknowledged but are missing. */
  findLost(): readonly string[] {
    const rows = new Set(this.rowsAt());
    return [...this.acknowledged].filter((key) => !rows.has(key));
  }

  phases(): readonly unknown[] {
    return ADDRESSES.map((address) => (this.rig.ask("GET", address, "/v1/status").json as { phase: string }).phase);
  }
}

const PLANTED = { kind: "error", message: "planted" } as const;

describe("a group that loses its primary", () => {
  it("promotes a replica with everything that was acknowledged, and takes the old primary back as a replica", () => {
    const trio = new Trio();
    expect(trio.phases()).toEqual(["primary", "replica", "replica"]);
    expect(trio.write()).toBe("acknowledged");
    trio.stop(0);
    expect(trio.write(ADDRESSES[0])).toBe("DS_REFUSED");
    trio.rig.pass(2000);
    expect(trio.primary).toBe(ADDRESSES[1]);
    expect(trio.write()).toBe("acknowledged");
    expect(trio.write(ADDRESSES[2])).toBe("DS_READ_ONLY");
    trio.start(0);
    expect(trio.write(ADDRESSES[0])).toBe("DS_NOT_READY");
    trio.rig.pass(REST_MS);
    expect(trio.phases()).toEqual(["replica", "primary", "replica"]);
    expect(trio.findLost()).toEqual([]);
    expect(trio.rowsAt(ADDRESSES[0])).toEqual(trio.rowsAt());
  });

  it("records how long there was no primary", () => {
    const trio = new Trio();
    trio.stop(0);
    trio.rig.pass(2000);
    const [event] = trio.rig.kernel.journal.events.filter(({ kind }) => kind === "primary.up").slice(-1);
    expect(event?.data).toMatchObject({ address: ADDRESSES[1], term: 1 });
    expect(event?.data).toHaveProperty(
      "withoutPrimaryMs",
      expect.toSatisfy((ms: number) => ms > 0 && ms <= 1000),
    );
  });

  it("refuses to create users on a replica, and has them on the new primary", () => {
    const trio = new Trio();
    trio.stop(0);
    trio.rig.pass(2000);
    trio.start(0);
    trio.rig.pass(REST_MS);
    const put = (address: string): number =>
      trio.rig.ask("PUT", address, "/v1/credentials/u2", JSON.stringify({ password: "p2" })).status;
    expect(put(ADDRESSES[0] ?? "")).toBe(409);
    expect(put(ADDRESSES[1] ?? "")).toBe(201);
    expect(trio.rowsAt()).toEqual([]);
  });

  it("fences a primary that does not answer its supervisor before it promotes another", () => {
    const trio = new Trio();
    trio.arm("look", PLANTED, { match: { address: ADDRESSES[0] ?? "" }, count: 3 });
    expect(trio.write()).toBe("acknowledged");
    trio.rig.pass(REST_MS);
    expect(trio.primary).toBe(ADDRESSES[1]);
    expect(trio.write(ADDRESSES[0])).toBe("DS_READ_ONLY");
    expect(trio.findLost()).toEqual([]);
  });

  it("reports an unknown outcome if no replica confirms, and keeps its promises", () => {
    const trio = new Trio();
    trio.arm("replicate", { kind: "delay", delayMs: 5000 }, { count: null });
    expect(trio.write()).toBe("DS_UNCONFIRMED");
    trio.rig.kernel.faults.disarm();
    trio.stop(0);
    trio.rig.pass(REST_MS);
    expect(trio.rowsAt()).toEqual([]);
  });

  it("asks the same replica again if its promotion fails or is late", () => {
    for (const effect of [PLANTED, { kind: "delay", delayMs: 4000 }] as const) {
      const trio = new Trio();
      trio.write();
      trio.arm("promote", effect, { count: 1 });
      trio.stop(0);
      trio.rig.pass(REST_MS);
      expect(trio.primary).toBe(ADDRESSES[1]);
      expect(trio.findLost()).toEqual([]);
    }
  });
});

type Step =
  | { readonly do: "stop" | "start"; readonly index: number }
  | { readonly do: "write" | "dying write" | "lag" | "silence" | "slow promotion" }
  | { readonly do: "pass"; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Step>({ do: "write" }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("pass"), ms: fc.constantFrom(10, 300, 700, 2000, 10_000) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("stop", "start"), index: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("dying write", "lag", "silence", "slow promotion") }) },
);

function take(trio: Trio, each: Step): void {
  switch (each.do) {
    case "stop":
      return trio.stop(each.index);
    case "start":
      if (trio.rig.services.at(ADDRESSES[each.index] ?? "") === undefined) trio.start(each.index);
      return;
    case "pass":
      return trio.rig.pass(each.ms);
    case "write":
      return void trio.write();
    case "dying write":
      trio.arm("write", { kind: "vanish" }, { count: 1 });
      return void trio.write();
    case "lag":
      return trio.arm("replicate", { kind: "delay", delayMs: 3000 }, { count: 1 });
    case "silence":
      return trio.arm("look", PLANTED, { count: 4, match: { address: trio.primary ?? "*" } });
    case "slow promotion":
      return trio.arm("promote", { kind: "delay", delayMs: 2000 }, { count: 1 });
  }
}

/** Plays the steps, lets everything heal, and returns what is wrong in the end. */
function play(steps: readonly Step[], arm: (trio: Trio) => void = () => {}): readonly string[] {
  const trio = new Trio();
  arm(trio);
  const wrong: string[] = [];
  for (const each of steps) {
    take(trio, each);
    const takers = ADDRESSES.filter((address) => ["acknowledged", "DS_UNCONFIRMED"].includes(trio.write(address)));
    if (takers.length > 1) wrong.push("two nodes take writes");
  }
  trio.rig.kernel.faults.disarm();
  for (const index of ADDRESSES.keys()) take(trio, { do: "start", index });
  trio.write();
  trio.rig.pass(REST_MS);
  if (
    String(
      trio
        .phases()
        .map(String)
        .toSorted((a, b) => a.localeCompare(b)),
    ) !== "primary,replica,replica"
  )
    return [...wrong, "it is not complete"];
  if (trio.findLost().length > 0) wrong.push("an acknowledged write is lost");
  const foreign = trio.rowsAt().filter((key) => !trio.acknowledged.has(key) && !trio.unknown.has(key));
  if (foreign.length > 0) wrong.push("rows that nobody wrote");
  if (new Set(ADDRESSES.map((address) => String(trio.rowsAt(address)))).size > 1) wrong.push("nodes differ");
  return [...new Set(wrong)];
}

describe("whatever happens to a group", () => {
  const steps = fc.array(step, { maxLength: 40, size: "max" });

  it("loses no acknowledged write, never has two primaries, and becomes complete again", () => {
    fc.assert(
      fc.property(steps, (each) => {
        expect(play(each)).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    ["failover unfenced", "two nodes take writes"],
    ["failover laggard", "an acknowledged write is lost"],
    ["failover unconfirmed", "an acknowledged write is lost"],
  ])("finds the defect %s", (defect, harm) => {
    const plant = (trio: Trio): void => trio.arm(defect, PLANTED, { count: null });
    const found = new Set<string>();
    fc.assert(
      fc.property(steps, (each) => {
        for (const wrong of play(each, plant)) found.add(wrong);
        return !found.has(harm);
      }),
      { seed: 1, numRuns: 1000, endOnFailure: true, reporter: () => {} },
    );
    expect([...found]).toContain(harm);
  });
});
