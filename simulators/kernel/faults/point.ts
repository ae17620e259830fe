import type { Effect, EffectKind, EffectOf } from "./effects.ts";

/** An attribute of the occasions at a point. */
export interface FaultAttribute {
  readonly prose: string;
  /** Every value that it can have; left out where there are infinitely many. */
  readonly values?: readonly string[];
  /** The shape of its values, as a route writes its path: `/servers/:id`. */
  readonly template?: string;
}

/** A fault point as its simulator declares it. */
export interface FaultPoint {
  /** `nova:POST /servers` */
  readonly point: string;
  readonly effects: readonly EffectKind[];
  /** The failure here in real life, and what the subject must survive. */
  readonly prose: string;
  /** The attributes that a rule may match, by name. Default: none. */
  readonly attributes?: Readonly<Record<string, FaultAttribute>>;
  /** The meaning and range of an `error`'s `code` here. If absent, a rule with a code is refused. */
  readonly errorCode?: { readonly prose: string; readonly minimum: number; readonly maximum: number };
  /** Why this point can't act out this effect, although it knows the kind; `undefined` when it can. */
  readonly refuses?: (effect: Effect) => string | undefined;
}

/** Declares a point so that its attributes and effects are known to the compiler. */
export const faultPoint = <const P extends FaultPoint>(point: P): P => point;

type NamesOf<P extends FaultPoint> = P extends { readonly attributes: infer A } ? keyof A & string : never;

/** The attributes of an occasion at this point. */
export type AttributesOf<P extends FaultPoint> = Readonly<Record<NamesOf<P>, string>>;
/** The effects that may occur at this point. */
export type EffectAt<P extends FaultPoint> = EffectOf<P["effects"][number]>;

/** How often a rule acts. */
interface Frequency {
  /** Let this many matching occasions pass first. Default 0. */
  readonly skip?: number;
  /** Act at most this often; `null` for no limit. Default 1. */
  readonly count?: number | null;
  /** Act with this probability (over 0, at most 1) on each occasion. Default 1. */
  readonly probability?: number;
}

/** One line of a fault plan. */
export interface FaultRule extends Frequency {
  /** A point, or a pattern in which `*` stands for any run of characters. */
  readonly point: string;
  /** Only where each of these attributes of the occasion has this value (`*` as above). */
  readonly match?: Readonly<Record<string, string>>;
  readonly effect: Effect;
}

/** The rest of a rule on one declared point. */
interface RuleAt<P extends FaultPoint> extends Frequency {
  readonly match?: Readonly<Partial<Record<NamesOf<P>, string>>>;
  readonly effect: EffectAt<P>;
}

/** A rule on one declared point, whose attributes and effects the compiler checks. */
export const ruleAt = <P extends FaultPoint>(point: P, rule: RuleAt<P>): FaultRule => ({
  ...(rule as Omit<FaultRule, "point">),
  point: point.point,
});
