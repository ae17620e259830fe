import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileGlob, faultPoint, type FaultRule, Kernel, ruleAt } from "./index.ts";
import { meetsTemplate } from "./faults/glob.ts";
import { RULES_MAX } from "./faults.ts";

const SERVERS = faultPoint({
  point: "nova:POST /servers/:id",
  effects: ["reply", "reset", "delay", "stuck"],
  prose: "The request fails.",
  attributes: {
    path: { prose: "the path", template: "/servers/:id" },
    transport: { prose: "how it came", values: ["udp", "tcp"] },
  },
});
const CREATE = faultPoint({ point: "cpi:create_vm", effects: ["error"], prose: "The call fails." });
const BUILD = faultPoint({
  point: "nova:server.build",
  effects: ["error"],
  prose: "The build fails.",
  attributes: { name: { prose: "the server's name" } },
  errorCode: { prose: "the code of its fault", minimum: 400, maximum: 599 },
});

function world(seed = 3): Kernel {
  const kernel = new Kernel({ seed, recordInputs: true });
  for (const point of [SERVERS, CREATE, BUILD]) kernel.faults.define(point);
  return kernel;
}

const OCCASION = { path: "/servers/1", transport: "udp" };
const ERROR = { kind: "error", message: "no" } as const;
const RESET = { kind: "reset" } as const;

describe("faults", () => {
  it("act as often as `count` says, after the skipped occasions, where the attributes match", () => {
    const { faults } = world();
    faults.arm(ruleAt(SERVERS, { match: { path: "/servers/*" }, skip: 1, count: 2, effect: RESET }));
    const acts = [1, 2, 3, 4].map(() => faults.at(SERVERS, OCCASION)?.kind);
    expect(acts).toEqual([undefined, "reset", "reset", undefined]);
    faults.arm(ruleAt(SERVERS, { match: { transport: "tcp" }, effect: RESET }));
    expect(faults.at(SERVERS, OCCASION)).toBeUndefined();
    expect(faults.at(SERVERS, { ...OCCASION, transport: "tcp" })).toEqual(RESET);
  });

  it("decide by the seed where they have a probability", () => {
    const draws = (): boolean[] => {
      const { faults } = world();
      faults.arm({ point: "cpi:create_vm", count: null, probability: 0.5, effect: ERROR });
      return Array.from({ length: 40 }, () => faults.at(CREATE, {}) !== undefined);
    };
    expect(draws()).toEqual(draws());
    expect(new Set(draws()).size).toBe(2);
  });

  it("act at every point that matches the pattern and takes the effect, even one defined later", () => {
    const { faults } = world();
    faults.arm({ point: "*", count: null, effect: ERROR });
    const late = faultPoint({ point: "late:on", effects: ["error"], prose: "It fails." });
    faults.define(late);
    expect([faults.at(SERVERS, OCCASION), faults.at(CREATE, {}), faults.at(late, {})]).toEqual([
      undefined,
      ERROR,
      ERROR,
    ]);
  });

  it("stop acting when disarmed", () => {
    const { faults } = world();
    const id = faults.arm({ point: "cpi:create_vm", count: null, effect: ERROR });
    faults.disarm(id);
    expect(faults.at(CREATE, {})).toBeUndefined();
  });

  it("come back with a snapshot, and act as often as they still had to", () => {
    const kernel = world();
    kernel.faults.arm({ point: "cpi:create_vm", count: 2, effect: ERROR });
    kernel.faults.at(CREATE, {});
    const snapshot = kernel.snapshot();
    kernel.faults.at(CREATE, {});
    kernel.faults.disarm();
    kernel.restore(snapshot);
    expect([kernel.faults.at(CREATE, {}), kernel.faults.at(CREATE, {})]).toEqual([ERROR, undefined]);
  });

  it("make room by forgetting spent rules, and refuse another when there are none to forget", () => {
    const { faults } = world();
    for (let each = 0; each < RULES_MAX; each++) faults.arm({ point: "cpi:create_vm", effect: ERROR });
    expect(() => faults.arm({ point: "cpi:create_vm", effect: ERROR })).toThrow("FAULT_RULES_MAX");
    faults.at(CREATE, {});
    faults.arm({ point: "cpi:create_vm", effect: ERROR });
    expect(faults.rules).toHaveLength(RULES_MAX);
  });
});

const nestDeep = (levels: number): unknown => {
  let value: unknown = [];
  for (let level = 0; level < levels; level++) value = [value];
  return value;
};

/** Rules that could never act, each with what its refusal says. */
const REFUSED: readonly (readonly [said: string, rule: unknown])[] = [
  ["FAULT_UNKNOWN_POINT.*nearest: cpi:create_vm", { point: "cpi:crate_vm", effect: ERROR }],
  ["FAULT_UNKNOWN_POINT.*there are cpi:\\*, nova:\\*", { point: "neutron:*", effect: ERROR }],
  ["FAULT_UNKNOWN_POINT", { point: "", effect: ERROR }],
  ["FAULT_WRONG_EFFECT.*cpi:create_vm can act out error, not reset", { point: "cpi:create_vm", effect: RESET }],
  ["FAULT_WRONG_EFFECT.*the 3 points of this name can act out", { point: "*", effect: { kind: "vanish" } }],
  ["FAULT_WRONG_EFFECT.*has no code", { point: "cpi:create_vm", effect: { ...ERROR, code: 500 } }],
  ["FAULT_WRONG_EFFECT.*from 400 to 599", { point: "nova:server.build", effect: { ...ERROR, code: 7 } }],
  ["FAULT_UNKNOWN_ATTRIBUTE.*name.*path, transport", { point: SERVERS.point, match: { name: "*" }, effect: RESET }],
  ["FAULT_UNKNOWN_ATTRIBUTE.*none", { point: "cpi:*", match: { vm: "*" }, effect: ERROR }],
  ["FAULT_UNKNOWN_ATTRIBUTE", { point: SERVERS.point, match: { constructor: "*" }, effect: RESET }],
  // No point has both.
  ["FAULT_UNKNOWN_ATTRIBUTE", { point: "nova:*", match: { path: "*", name: "*" }, effect: RESET }],
  ["FAULT_IMPOSSIBLE_VALUE.*udp, tcp", { point: SERVERS.point, match: { transport: "http" }, effect: RESET }],
  ["FAULT_IMPOSSIBLE_VALUE.*udp, tcp", { point: SERVERS.point, match: { transport: "x*" }, effect: RESET }],
  ["FAULT_IMPOSSIBLE_VALUE.*/servers/:id", { point: SERVERS.point, match: { path: "/volumes*" }, effect: RESET }],
  ["FAULT_IMPOSSIBLE_VALUE", { point: SERVERS.point, match: { path: "/servers/a/b" }, effect: RESET }],
  ["count: expected a whole number from 1", { point: "cpi:*", count: 0, effect: ERROR }],
  ["count", { point: "cpi:*", count: 1.5, effect: ERROR }],
  ["count", { point: "cpi:*", count: Number.NaN, effect: ERROR }],
  ["skip", { point: "cpi:*", skip: -1, effect: ERROR }],
  ["skip", { point: "cpi:*", skip: Number.POSITIVE_INFINITY, effect: ERROR }],
  ["probability", { point: "cpi:*", probability: 0, effect: ERROR }],
  ["probability", { point: "cpi:*", probability: 1.1, effect: ERROR }],
  ["probability", { point: "cpi:*", probability: Number.NaN, effect: ERROR }],
  ['no member "after"', { point: "cpi:*", after: 3, effect: ERROR }],
  ["match", { point: "cpi:*", match: { vm: 7 }, effect: ERROR }],
  ["match", { point: "cpi:*", match: [], effect: ERROR }],
  ["effect.kind: expected one of reply, delay", { point: "cpi:*", effect: { kind: "toString" } }],
  ["effect", { point: "cpi:*" }],
  ["effect.message of error", { point: "cpi:*", effect: { kind: "error" } }],
  ['no member "bytes"', { point: "cpi:*", effect: { ...ERROR, bytes: 3 } }],
  ["effect.status", { point: SERVERS.point, effect: { kind: "reply", status: 100 } }],
  ["effect.status", { point: SERVERS.point, effect: { kind: "reply", status: 600 } }],
  ["effect.headers", { point: SERVERS.point, effect: { kind: "reply", status: 500, headers: { "X-A": "1\r\n2" } } }],
  ["effect.headers", { point: SERVERS.point, effect: { kind: "reply", status: 500, headers: { "X A": "1" } } }],
  [
    "effect.headers",
    { point: SERVERS.point, effect: { kind: "reply", status: 500, headers: { "Content-length": "9" } } },
  ],
  ["effect.body", { point: SERVERS.point, effect: { kind: "reply", status: 500, body: 1n } }],
  ["effect.body", { point: SERVERS.point, effect: { kind: "reply", status: 500, body: nestDeep(100_000) } }],
  ["effect.delayMs", { point: SERVERS.point, effect: { kind: "delay", delayMs: 1e12 } }],
  ["expected an object", null],
  ["expected an object", []],
];

describe("a rule that can never act", () => {
  it.each(REFUSED)("is refused with one line that says %s", (said, rule) => {
    const { faults } = world();
    const arm = (): number => faults.arm(rule as FaultRule);
    expect(arm).toThrow(new RegExp(said));
    expect(arm).toThrow(/^[^\n]+$/);
    expect(faults.rules).toEqual([]);
  });

  it("is refused by the compiler where it is written for a declared point", () => {
    const { faults } = world();
    // @ts-expect-error: the point has no such attribute
    expect(() => faults.arm(ruleAt(SERVERS, { match: { name: "*" }, effect: RESET }))).toThrow(
      "FAULT_UNKNOWN_ATTRIBUTE",
    );
    // @ts-expect-error: nor does it know this effect
    expect(() => faults.arm(ruleAt(CREATE, { effect: RESET }))).toThrow("FAULT_WRONG_EFFECT");
  });

  it("is refused in a snapshot too, and the world stays as it is", () => {
    const kernel = world();
    kernel.faults.arm({ point: "nova:server.build", effect: ERROR });
    const other = new Kernel();
    other.faults.define(CREATE);
    other.record("test", "event", "1");
    const { digest } = other.journal;
    expect(() => other.restore(kernel.snapshot())).toThrow("FAULT_UNKNOWN_POINT");
    expect(other.journal.digest).toBe(digest);
  });
});

describe("patterns", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "/", "*", "\n", "."), maxLength: 8 });

  it("match what a regular expression would", () => {
    fc.assert(
      fc.property(text, text, (pattern, given) => {
        const escaped = pattern.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*");
        expect(compileGlob(pattern)(given)).toBe(new RegExp(`^${escaped}$`, "s").test(given));
      }),
    );
  });

  it("take time linear in the text, however many stars they have", () => {
    expect(compileGlob(`${"*a".repeat(500)}*b`)("a".repeat(60_000))).toBe(false);
  });

  const segment = fc.string({ unit: fc.constantFrom("a", "b"), minLength: 1, maxLength: 3 });
  const template = fc.array(
    fc.oneof(
      segment,
      segment.map((name) => `:${name}`),
    ),
    { minLength: 1, maxLength: 3 },
  );

  it("match the template of every path that they match", () => {
    fc.assert(
      fc.property(template, fc.array(segment, { minLength: 3, maxLength: 3 }), text, (parts, values, pattern) => {
        const path = `/${parts.map((part, at) => (part.startsWith(":") ? values[at] : part)).join("/")}`;
        const shape = `/${parts.join("/")}`;
        expect(meetsTemplate(path, shape)).toBe(true);
        if (compileGlob(pattern)(path)) expect(meetsTemplate(pattern, shape)).toBe(true);
      }),
    );
  });

  it.each([
    ["/servers/*/action", "/servers/:id/action", true],
    ["/servers/*/actions", "/servers/:id/action", false],
    ["/servers/", "/servers/:id", false],
    ["*", "/a/*rest", true],
    ["/a/x/y", "/a/*rest", true],
    ["/a/", "/a/*rest", false],
    ["/b*", "/a/*rest", false],
  ])("%s and the template %s meet: %s", (pattern, template, met) => {
    expect(meetsTemplate(pattern, template)).toBe(met);
  });
});

describe("a call that a fault holds", () => {
  const countHeld = (kernel: Kernel, kind: "delay" | "stuck") => {
    const ended: unknown[] = [];
    const effect = kind === "delay" ? ({ kind, delayMs: 1000 } as const) : ({ kind } as const);
    const id = kernel.faults.arm({ point: SERVERS.point, count: null, effect });
    const process = kernel.spawn(
      "held",
      (function* () {
        const met = kernel.faults.at(SERVERS, OCCASION);
        if (met?.kind === "delay") ended.push(yield* kernel.faults.delay(met));
        if (met?.kind === "stuck") ended.push(yield* kernel.faults.stuck(met));
      })(),
    );
    return { id, ended, process };
  };

  it.each(["delay", "stuck"] as const)("proceeds at once when the rule of a %s is disarmed", (kind) => {
    const kernel = world();
    const { id, ended } = countHeld(kernel, kind);
    kernel.faults.disarm(id);
    kernel.advanceTo(kernel.nowMs);
    expect({ ended, holding: kernel.faults.holding, running: kernel.running }).toEqual({
      ended: [true],
      holding: 0,
      running: 0,
    });
  });

  it("stays held when another rule is disarmed", () => {
    const kernel = world();
    countHeld(kernel, "stuck");
    const other = kernel.faults.arm({ point: "cpi:create_vm", effect: ERROR });
    kernel.faults.disarm(other);
    expect(kernel.faults.holding).toBe(1);
  });

  it("ends by itself after the delay, or after thirty days when stuck", () => {
    const kernel = world();
    const [late, stuck] = [countHeld(kernel, "delay"), countHeld(world(), "stuck")];
    kernel.advanceTo(kernel.nowMs + 1000);
    expect(late.ended).toEqual([true]);
    expect(stuck.ended).toEqual([]);
    const own = world();
    const { ended } = countHeld(own, "stuck");
    own.runToEnd();
    expect(ended).toEqual([false]);
  });

  it("ends, when stuck, once its caller hangs up, also in a restored world", () => {
    const kernel = world();
    kernel.onInput("go", () => void countHeld(kernel, "stuck"));
    const before = kernel.snapshot();
    const { process, ended } = countHeld(kernel, "stuck");
    kernel.faults.hangUp(process);
    kernel.runToEnd();
    expect(ended).toEqual([false]);
    kernel.restore(before);
    expect(kernel.faults.holding).toBe(0);
    kernel.input("go", null);
    const snapshot = kernel.snapshot();
    kernel.faults.disarm();
    kernel.restore(snapshot);
    expect(kernel.faults.holding).toBe(1);
    kernel.faults.disarm();
    kernel.runToEnd();
    expect(kernel.running).toBe(0);
  });
});
