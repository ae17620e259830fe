import { describe, expect, it } from "vitest";
import type { FaultRule } from "../../simulators/kernel/index.ts";
import { Exercise } from "../coverage.ts";
import { BrokenPromise } from "../errors.ts";
import type { LoadReply, LoadRequest } from "../load/transport.ts";
import { playCleanly } from "./clean-run.ts";
import { parseFaultPlan } from "./fault-plan.ts";
import type { ExternalStage } from "./judge.ts";
import { newExternalTrace, playExternal } from "./play.ts";
import type { Abilities, ExternalPlan, ExternalStep } from "./plan.ts";

/** The defects of the toy broker. */
type Bug = "forgets" | "leaves deployments" | "refuses binds" | "never ends" | "lists what is gone";

/** A broker and its cloud in one: an instance is a deployment. Orders at an armed point are answered 500, whether or not they are carried out. */
class Toy {
  readonly existing = new Set<string>();
  readonly deployments = new Set<string>(["platform"]);
  readonly #bug: Bug | undefined;
  readonly #listed = new Set<string>();
  readonly #armed = new Map<number, FaultRule & { acted: number; seen: number }>();
  #ids = 0;

  constructor(bug?: Bug) {
    this.#bug = bug;
  }

  #meet(point: string): FaultRule["effect"]["kind"] | undefined {
    for (const rule of this.#armed.values()) {
      if (rule.point !== point || rule.seen++ < (rule.skip ?? 0) || rule.acted >= (rule.count ?? 1)) continue;
      rule.acted++;
      return rule.effect.kind;
    }
    return undefined;
  }

  send = async ({ method, path }: LoadRequest): Promise<LoadReply> => {
    const resource = path.split("?")[0] ?? "";
    const reply = (status: number, body: object = {}): LoadReply => ({ kind: "answer", status, body });
    if (resource === "/list") return reply(200, [...this.#listed].map((id) => ({ id, deployment: id })) as object);
    const [, , , id = "", ...rest] = resource.split("/");
    if (rest.at(-1) === "last_operation") {
      if (this.#bug === "never ends") return reply(200, { state: "in progress" });
      return this.existing.has(id) ? reply(200, { state: "succeeded" }) : reply(410);
    }
    const effect = this.#meet(`bosh:${method}`);
    if (effect === "reply") return reply(500);
    this.#perform(method, id, rest);
    if (effect === "lost-reply") return { kind: "error", what: "connection reset" };
    if (rest[0] === "service_bindings")
      return this.#bug === "refuses binds" ? reply(400) : reply(method === "PUT" ? 201 : 200);
    return method === "PUT" || method === "DELETE" ? reply(202) : reply(200);
  };

  #perform(method: string, id: string, rest: readonly string[]): void {
    if (rest.length > 0) return;
    if (method === "PUT") {
      this.deployments.add(id);
      this.existing.add(id);
      this.#listed.add(id);
      if (this.#bug === "forgets") this.#listed.clear();
    } else if (method === "DELETE") {
      this.existing.delete(id);
      if (this.#bug !== "leaves deployments") this.deployments.delete(id);
      if (this.#bug !== "lists what is gone") this.#listed.delete(id);
    }
  }

  readonly stage: ExternalStage = {
    control: {
      points: async () => [...this.#points].map((point) => ({ point, effects: ["reply", "lost-reply"] })),
      arm: async (rule) => {
        this.#armed.set(++this.#ids, { ...rule, acted: 0, seen: 0 });
        return this.#ids;
      },
      counts: async () => new Map([...this.#armed].map(([id, { seen, acted }]) => [id, { seen, acted }])),
      disarm: async () => this.#armed.clear(),
      brokenLaws: async () => [],
    },
    hook: { start: async () => {}, kill: async () => {}, close: async () => {} },
    transport: { send: (request) => this.send(request), close: () => {} },
    offer: { service: "s", plans: ["p"] },
    deployments: async () => [...this.deployments].toSorted(),
    listing: "/list",
    isDedicated: true,
    patienceMs: 150,
    exercise: new Exercise(),
  };
  readonly #points = ["bosh:PUT", "bosh:DELETE", "bosh:GET", "other:PUT"];
}

const ABILITIES: Abilities = { plans: 1, canUpdate: false, canBind: true, canRestart: true };
const step = (each: ExternalStep, ...faults: readonly FaultRule[]): ExternalPlan["steps"][number] => ({
  step: each,
  faults,
  waits: true,
});
const PLAN: ExternalPlan = {
  standing: [0],
  steps: [
    step({ do: "provision", plan: 0 }, { point: "bosh:PUT", effect: { kind: "lost-reply" } }),
    step({ do: "bind", instance: 0 }),
    step({ do: "kill-broker", downMs: 0 }),
    step(
      { do: "deprovision", instance: 0 },
      { point: "bosh:DELETE", effect: { kind: "reply", status: 500, body: "" } },
    ),
    step({ do: "provision", plan: 0 }),
  ],
};

const play = (bug?: Bug, plan = PLAN): Promise<void> =>
  playExternal(new Toy(bug).stage, plan, "0000000a", newExternalTrace());

describe("an external broker", () => {
  it("that is sound passes, with its steps, faults and judgements counted, and has the same history twice", async () => {
    const histories: string[] = [];
    for (const toy of [new Toy(), new Toy()]) {
      const trace = newExternalTrace();
      await playExternal(toy.stage, PLAN, "0000000a", trace);
      expect(trace.acted.size).toBe(5);
      expect(trace.fired.size).toBe(2);
      const { coverage } = toy.stage.exercise;
      expect(coverage.faults).toEqual({ armed: 2, fired: 2 });
      expect(coverage.laws["instances that stand"]).toBeGreaterThan(0);
      expect([...toy.deployments]).toEqual(["platform"]);
      histories.push(trace.history.join("\n"));
    }
    expect(histories[0]).toBe(histories[1]);
    expect(histories[0]).toContain("provision instance 2: open");
  });

  it.each<[Bug, string]>([
    ["forgets", "the listing has forgotten instance"],
    ["leaves deployments", "instances stand, and the director has"],
    ["refuses binds", "was refused although the instance is idle"],
    ["never ends", "not within 0.15 s"],
    ["lists what is gone", "which is gone"],
  ])("that %s is found", async (bug, why) => {
    await expect(play(bug)).rejects.toThrow(why);
    await expect(play(bug)).rejects.toBeInstanceOf(BrokenPromise);
  });

  it("shows in a clean run which points each operation passes", async () => {
    const toy = new Toy();
    const { passed, isDedicated } = await playCleanly(toy.stage, ABILITIES, "0000000b");
    expect(isDedicated).toBe(true);
    expect(passed.provision.map(({ point }) => point)).toEqual(["bosh:PUT"]);
    expect(passed.deprovision.map(({ point }) => point)).toEqual(["bosh:DELETE"]);
    expect(passed.update).toEqual([]);
    await expect(playCleanly(new Toy("never ends").stage, ABILITIES, "0000000c")).rejects.toThrow(
      "while nothing fails, provision does not succeed",
    );
  });
});

describe("a plan of faults", () => {
  it("has rules, each with its time", () => {
    const plan = parseFaultPlan("seed: 7\nfaults:\n- {at: 2s, point: 'bosh:*', count: 2, effect: {kind: reset}}\n");
    const rule = { point: "bosh:*", count: 2, effect: { kind: "reset" } };
    expect(plan).toEqual({ seed: 7, faults: [{ atMs: 2000, rule }] });
  });
  it.each([
    "",
    "faults: []",
    "faults: [{point: x}]",
    "faults: [{point: x, effect: {kind: explode}}]",
    "a: [",
    "faults: [{for: 1s, point: x, effect: {kind: reset}}]",
  ])("is refused in one line: %j", (text) => {
    expect(() => parseFaultPlan(text)).toThrow(/^FAULT_BAD_PLAN: [^\n]+$/);
  });
});
