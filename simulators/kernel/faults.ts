import { KernelError } from "./errors.ts";
import { type Effect, type EffectOf, STUCK_MS_MAX } from "./faults/effects.ts";
import { compileGlob } from "./faults/glob.ts";
import type { AttributesOf, EffectAt, FaultPoint, FaultRule } from "./faults/point.ts";
import { resolvePoints } from "./faults/check-rule.ts";
import { parseRule } from "./faults/parse-rule.ts";
import type { Kernel, Slot } from "./kernel.ts";
import { type Body, Hold, on, type Release } from "./process.ts";

/*
 * The fault model.
 *
 * What may fail: each place where a real cloud fails is a named point: a route (`nova:POST /servers`), a CPI call, a stage of a director's
 * task, a DNS answer, a step of a data service. At a point a rule may put one effect; `faults/effects.ts` is the catalogue of them. A rule
 * that can never act is refused when it is armed. What the subject must survive: any finite sequence of these. When they stop, each
 * operation must end within its bound, nothing may be left behind without a record, and no false state may be reported. The plan is data
 * and part of the seed, and its draws come from a stream of their own.
 */

/** An armed rule, and how many occasions it has met. */
export interface ArmedRule {
  readonly id: number;
  readonly rule: FaultRule;
  /** Occasions that matched. */
  seen: number;
  acted: number;
}

/** The most rules that may be armed at a time. */
export const RULES_MAX = 1000;

interface FaultState {
  ids: number;
  rules: ArmedRule[];
  /** How many calls have been held so far, to number them. */
  holds: number;
}

/** A rule with its patterns compiled. */
interface CompiledRule {
  readonly armed: ArmedRule;
  readonly tests: readonly (readonly [attribute: string, matches: (value: string) => boolean])[];
}

const isSpent = ({ rule, acted }: ArmedRule): boolean => rule.count !== null && acted >= (rule.count ?? 1);

function compileRule(armed: ArmedRule): CompiledRule {
  const match = Object.entries(armed.rule.match ?? {});
  return { armed, tests: match.map(([name, pattern]) => [name, compileGlob(pattern)] as const) };
}

/** The fault points of a world and the rules armed on them. */
export class Faults {
  readonly #kernel: Kernel;
  readonly #points = new Map<string, FaultPoint>();
  readonly #slot: Slot<FaultState>;
  /** The rules of each point that has any, in the order in which they were armed. */
  readonly #watches = new Map<string, CompiledRule[]>();
  /** The value from which `#watches` was made; a restore replaces it. */
  #watched: FaultState;
  readonly #held = new Map<number, Hold>();
  readonly #sendArm: (rule: FaultRule) => number;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#slot = kernel.slot("kernel/faults", { ids: 0, rules: [], holds: 0 });
    this.#watched = this.#slot.value;
    this.#sendArm = kernel.onInput("fault.arm", (rule: FaultRule) => this.#arm(rule));
    kernel.onInput("fault.disarm", (id: number | null) => this.#disarm(id));
    kernel.onInput("fault.hang-up", (hold: number) => this.#held.get(hold)?.fire("hung up"));
  }

  /** Declares a point, at which rules may act from now on. */
  define(point: FaultPoint): void {
    this.#points.set(point.point, point);
    // A pattern that is already armed may match this point too.
    if (this.rules.length > 0) this.#rewatch();
  }

  /** All points, by name. */
  get points(): readonly FaultPoint[] {
    return [...this.#points.values()].sort((a, b) => (a.point < b.point ? -1 : 1));
  }

  get rules(): readonly ArmedRule[] {
    return this.#slot.value.rules;
  }

  /**
   * Arms a rule and answers with its id. One that could never act is refused.
   *
   * @throws KernelError FAULT_BAD_RULE, FAULT_UNKNOWN_POINT, FAULT_WRONG_EFFECT, FAULT_UNKNOWN_ATTRIBUTE, FAULT_IMPOSSIBLE_VALUE,
   * FAULT_RULES_MAX
   */
  arm(rule: FaultRule): number {
    const parsed = parseRule(rule);
    resolvePoints(parsed, [...this.#points.values()]);
    if (this.rules.filter((each) => !isSpent(each)).length >= RULES_MAX)
      throw new KernelError("FAULT_RULES_MAX", `${RULES_MAX} rules`);
    return this.#sendArm(parsed);
  }

  /** For a restore: checks that these rules fit the points of this world. @throws KernelError as `arm` does */
  check(rules: readonly FaultRule[]): void {
    const points = [...this.#points.values()];
    for (const rule of rules) resolvePoints(parseRule(rule), points);
  }

  #arm(rule: FaultRule): number {
    const armed = this.#current();
    // Spent rules are kept while there is room, so that one can still ask how often they acted.
    if (armed.rules.length >= RULES_MAX) {
      armed.rules = armed.rules.filter((each) => !isSpent(each));
      this.#rewatch();
    }
    const added: ArmedRule = { id: ++armed.ids, rule, seen: 0, acted: 0 };
    armed.rules.push(added);
    this.#watch(added);
    this.#kernel.record("kernel", "fault.arm", String(armed.ids), { rule });
    return armed.ids;
  }

  /** Disarms a rule, or all of them, and releases what they hold. */
  disarm(id?: number): void {
    this.#kernel.input("fault.disarm", id ?? null);
  }

  #disarm(id: number | null): void {
    const armed = this.#current();
    armed.rules = id === null ? [] : armed.rules.filter((rule) => rule.id !== id);
    this.#rewatch();
    for (const hold of this.#held.values()) if (id === null || hold.rule === id) hold.fire("disarmed");
    this.#kernel.record("kernel", "fault.disarm", id === null ? "*" : String(id));
  }

  /** The armed rules, with what is compiled and held brought up to them after a restore. */
  #current(): FaultState {
    if (this.#watched !== this.#slot.value) {
      this.#held.clear();
      this.#rewatch();
    }
    return this.#slot.value;
  }

  #rewatch(): void {
    this.#watched = this.#slot.value;
    this.#watches.clear();
    for (const armed of this.#watched.rules) this.#watch(armed);
  }

  #watch(armed: ArmedRule): void {
    const watch = compileRule(armed);
    for (const { point } of resolvePoints(armed.rule, [...this.#points.values()])) {
      const others = this.#watches.get(point);
      if (others === undefined) this.#watches.set(point, [watch]);
      else others.push(watch);
    }
  }

  /** Whether there is a rule on this point. Callers that have to compute the attributes can ask first. */
  isArmed(point: string): boolean {
    return this.#current().rules.length > 0 && this.#watches.has(point);
  }

  /** The effect at this point on this occasion; `undefined` if there is none. The first rule that acts wins. */
  at<P extends FaultPoint>(point: P, attributes: AttributesOf<P>): EffectAt<P> | undefined;
  at(point: string, attributes?: Readonly<Record<string, string>>): Effect | undefined;
  at(point: FaultPoint | string, attributes: Readonly<Record<string, string>> = {}): Effect | undefined {
    const name = typeof point === "string" ? point : point.point;
    if (!this.isArmed(name)) return undefined;
    for (const { armed, tests } of this.#watches.get(name) ?? []) {
      if (tests.every(([attribute, matches]) => matches(attributes[attribute] ?? "")) && this.#acts(armed)) {
        this.#kernel.record("kernel", "fault.act", name, { rule: armed.id, effect: armed.rule.effect.kind });
        return armed.rule.effect;
      }
    }
    return undefined;
  }

  #acts(armed: ArmedRule): boolean {
    const { rule } = armed;
    if (isSpent(armed)) return false;
    if (armed.seen++ < (rule.skip ?? 0)) return false;
    if (rule.probability !== undefined && !this.#kernel.random("faults").chance(rule.probability)) return false;
    armed.acted++;
    return true;
  }

  /** Waits as long as a `delay` says, or until its rule is disarmed. The work is then done whether or not anybody waits for it. */
  *delay(effect: EffectOf<"delay">): Body<true> {
    yield* this.#hold(effect, effect.delayMs, false);
    return true;
  }

  /**
   * Hangs until the rule is disarmed, the caller hangs up or `STUCK_MS_MAX` are over; answers whether the call goes on, which it does only when the
   * rule was disarmed.
   */
  *stuck(effect: EffectOf<"stuck">): Body<boolean> {
    return (yield* this.#hold(effect, STUCK_MS_MAX, true)) === "disarmed";
  }

  *#hold(effect: Effect, limitMs: number, endsWithCaller: boolean): Body<Release> {
    const armed = this.#current();
    const rule = armed.rules.find((each) => each.rule.effect === effect)?.id ?? 0;
    const hold = new Hold(this.#kernel, ++armed.holds, rule, endsWithCaller);
    this.#held.set(hold.id, hold);
    const timer = this.#kernel.schedule(limitMs, () => hold.fire("over"));
    try {
      return yield* on(hold);
    } finally {
      timer.cancel();
      this.#held.delete(hold.id);
    }
  }

  /** Calls that effects hold now. */
  get holding(): number {
    this.#current();
    return this.#held.size;
  }

  /** Every caller has gone, as after a restart: part of an input, not one itself. */
  hangUpAll(): void {
    for (const hold of this.#held.values()) if (hold.endsWithCaller) hold.fire("hung up");
  }

  /** The caller that waits for this process has gone: an effect that holds it releases it. */
  hangUp({ hold }: { readonly hold: Hold | undefined }): void {
    if (hold?.endsWithCaller && this.#held.get(hold.id) === hold) this.#kernel.input("fault.hang-up", hold.id);
  }
}
