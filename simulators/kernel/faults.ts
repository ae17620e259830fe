import { KernelError } from "./errors.ts";
import type { Kernel, Slot } from "./kernel.ts";
import { globFits } from "./pattern.ts";

/*
 * The fault model.
 *
 * What may fail: each place where a real cloud fails is a named point: a route (`nova:POST /servers`), a CPI call, a stage of
 * a director's task, a DNS answer, a step of a data service. At a point a rule may put one effect:
 *   reply       the point answers with a status and a body instead of doing its work (a 5xx, a quota, a 404);
 *   delay       the work is done, but later;
 *   reset       the connection breaks before any work is done;
 *   lost-reply  the work is done and the connection breaks before the answer: the caller can't know;
 *   truncate    the work is done and the answer stops in its middle;
 *   error       the step of a task or a call of the CPI fails with a message;
 *   stuck       the thing stays in its passing state for good;
 *   vanish      the thing ceases to exist behind everybody's back;
 *   stale       an answer from the past.
 * What the subject must survive: any finite sequence of these. When they stop, each operation must come to an end within its
 * bound, nothing may be left behind that no record names, and no state may be reported that is not so.
 * The plan is data, is part of the seed, and its draws come from a stream of their own.
 */
export type Effect =
  | {
      readonly kind: "reply";
      readonly status: number;
      readonly body?: unknown;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | { readonly kind: "delay"; readonly delayMs: number }
  | { readonly kind: "reset" }
  | { readonly kind: "lost-reply" }
  | { readonly kind: "truncate"; readonly bytes: number }
  | { readonly kind: "error"; readonly message: string; readonly code?: number }
  | { readonly kind: "stuck" }
  | { readonly kind: "vanish" }
  | { readonly kind: "stale"; readonly ageMs: number };
export type EffectKind = Effect["kind"];

/** One line of a fault plan. */
export interface FaultRule {
  /** A point, or a pattern in which `*` stands for any run of characters. */
  readonly point: string;
  /** Only where each of these attributes of the occasion has this value (`*` as above). */
  readonly match?: Readonly<Record<string, string>>;
  /** Let this many matching occasions pass first. Default 0. */
  readonly skip?: number;
  /** Act at most this often; `null` for without end. Default 1. */
  readonly count?: number | null;
  /** Act with this probability (0 to 1) on each occasion. Default 1. */
  readonly probability?: number;
  readonly effect: Effect;
}

/** A fault point as its simulator declares it. */
export interface FaultPoint {
  readonly point: string;
  readonly effects: readonly EffectKind[];
  /** What fails here in real life and what the subject must survive. */
  readonly prose: string;
}

export interface ArmedRule {
  readonly id: number;
  readonly rule: FaultRule;
  seen: number;
  acted: number;
}

/** The fault points of a world and the rules armed on them. */
export class Faults {
  readonly #kernel: Kernel;
  readonly #points = new Map<string, FaultPoint>();
  readonly #armed: Slot<{ ids: number; rules: ArmedRule[] }>;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#armed = kernel.slot("kernel/faults", { ids: 0, rules: [] });
    kernel.onInput("fault.arm", (rule: FaultRule) => this.#arm(rule));
    kernel.onInput("fault.disarm", (id: number | null) => this.#disarm(id));
  }

  define(point: FaultPoint): void {
    this.#points.set(point.point, point);
  }

  /** All points, by name. */
  get points(): readonly FaultPoint[] {
    return [...this.#points.values()].sort((a, b) => (a.point < b.point ? -1 : 1));
  }

  get rules(): readonly ArmedRule[] {
    return this.#armed.value.rules;
  }

  /**
   * Arms a rule and answers with its id.
   *
   * @throws KernelError FAULT_UNKNOWN_POINT, FAULT_WRONG_EFFECT
   */
  arm(rule: FaultRule): number {
    const points = this.points.filter(({ point }) => this.#matches(rule.point, point));
    if (points.length === 0) throw new KernelError("FAULT_UNKNOWN_POINT", rule.point);
    if (!points.some(({ effects }) => effects.includes(rule.effect.kind))) {
      throw new KernelError(
        "FAULT_WRONG_EFFECT",
        `${rule.point}: ${rule.effect.kind}; it knows ${points[0]?.effects.join(", ")}`,
      );
    }
    return this.#kernel.input("fault.arm", rule) as number;
  }

  #arm(rule: FaultRule): number {
    const armed = this.#armed.value;
    armed.rules.push({ id: ++armed.ids, rule, seen: 0, acted: 0 });
    this.#kernel.record("kernel", "fault.arm", String(armed.ids), { rule });
    return armed.ids;
  }

  /** Takes a rule away, or all of them. */
  disarm(id?: number): void {
    this.#kernel.input("fault.disarm", id ?? null);
  }

  #disarm(id: number | null): void {
    const armed = this.#armed.value;
    armed.rules = id === null ? [] : armed.rules.filter((rule) => rule.id !== id);
    this.#kernel.record("kernel", "fault.disarm", id === null ? "*" : String(id));
  }

  /** What happens at this point on this occasion; `undefined` when nothing does. The first rule that acts wins. */
  at(point: string, attributes: Readonly<Record<string, string>> = {}): Effect | undefined {
    const { rules } = this.#armed.value;
    if (rules.length === 0) return undefined;
    for (const armed of rules) {
      if (this.#acts(armed, point, attributes)) {
        this.#kernel.record("kernel", "fault.act", point, { rule: armed.id, effect: armed.rule.effect.kind });
        return armed.rule.effect;
      }
    }
    return undefined;
  }

  #acts(armed: ArmedRule, point: string, attributes: Readonly<Record<string, string>>): boolean {
    const { rule } = armed;
    if (!this.#matches(rule.point, point)) return false;
    if (!this.#points.get(point)?.effects.includes(rule.effect.kind)) return false;
    for (const [name, pattern] of Object.entries(rule.match ?? {})) {
      if (!this.#matches(pattern, attributes[name] ?? "")) return false;
    }
    if (rule.count !== null && armed.acted >= (rule.count ?? 1)) return false;
    if (armed.seen++ < (rule.skip ?? 0)) return false;
    if (rule.probability !== undefined && !this.#kernel.random("faults").chance(rule.probability)) return false;
    armed.acted++;
    return true;
  }

  #matches(pattern: string, text: string): boolean {
    return globFits(pattern, text);
  }
}
