import { KernelError, type KernelErrorCode } from "../errors.ts";
import type { Effect } from "./effects.ts";
import { compileGlob, meetsTemplate } from "./glob.ts";
import type { FaultAttribute, FaultPoint, FaultRule } from "./point.ts";

/** The most names in one message. */
const NAMES_MAX = 20;

function listNames(names: Iterable<string>): string {
  const all = [...new Set(names)];
  const more = all.length - NAMES_MAX;
  return all.length === 0 ? "none" : `${all.slice(0, NAMES_MAX).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/** Why a point can't act out an effect; `undefined` when it can. */
function whyNot({ point, effects, errorCode, refuses }: FaultPoint, effect: Effect): string | undefined {
  if (!effects.includes(effect.kind)) return `${point} can act out ${listNames(effects)}, not ${effect.kind}`;
  if (effect.kind === "error" && effect.code !== undefined) {
    if (errorCode === undefined) return `an error of ${point} has no code`;
    if (effect.code < errorCode.minimum || effect.code > errorCode.maximum)
      return `the code of an error of ${point} is from ${errorCode.minimum} to ${errorCode.maximum}`;
  }
  return refuses?.(effect);
}

function canBe({ values, template }: FaultAttribute, pattern: string): boolean {
  if (values !== undefined) return values.some(compileGlob(pattern));
  return template === undefined || meetsTemplate(pattern, template);
}

/** The points spelt most like a mistyped name: those that share the most pairs of adjacent letters with it. */
function nearest(name: string, points: readonly FaultPoint[]): readonly string[] {
  const pairsOf = (text: string): Set<string> => new Set(Array.from(text, (_, at) => text.slice(at, at + 2)));
  const wanted = pairsOf(name);
  const likeness = ({ point }: FaultPoint): number => {
    const pairs = pairsOf(point);
    const common = [...wanted].filter((pair) => pairs.has(pair));
    return (2 * common.length) / (wanted.size + pairs.size);
  };
  const ranked = points.map((each) => ({ point: each.point, likeness: likeness(each) }));
  ranked.sort((a, b) => b.likeness - a.likeness || (a.point < b.point ? -1 : 1));
  return ranked.slice(0, 3).map(({ point }) => point);
}

/** Narrows the points to those that pass; refuses the rule in the words of `why` where none does. */
function narrow(
  points: readonly FaultPoint[],
  passes: (point: FaultPoint) => boolean,
  code: KernelErrorCode,
  why: (among: readonly FaultPoint[]) => string,
): readonly FaultPoint[] {
  const left = points.filter(passes);
  if (left.length === 0) throw new KernelError(code, why(points));
  return left;
}

const nameAll = ([first, ...others]: readonly FaultPoint[]): string =>
  others.length === 0 ? (first?.point ?? "") : `the ${others.length + 1} points of this name`;

/**
 * The points at which a rule can act, out of all.
 *
 * @throws KernelError FAULT_UNKNOWN_POINT, FAULT_WRONG_EFFECT, FAULT_UNKNOWN_ATTRIBUTE, FAULT_IMPOSSIBLE_VALUE when there is none
 */
export function resolvePoints(rule: FaultRule, all: readonly FaultPoint[]): readonly FaultPoint[] {
  const isNamed = compileGlob(rule.point);
  const sources = (): string => listNames(all.map(({ point }) => point.slice(0, point.indexOf(":") + 1) + "*").sort());
  let points = narrow(
    all,
    ({ point }) => isNamed(point),
    "FAULT_UNKNOWN_POINT",
    () => `"${rule.point}"; there are ${sources()}; nearest: ${listNames(nearest(rule.point, all))}`,
  );
  points = narrow(
    points,
    (point) => whyNot(point, rule.effect) === undefined,
    "FAULT_WRONG_EFFECT",
    (among) =>
      among.length === 1
        ? among.map((point) => whyNot(point, rule.effect)).join("")
        : `${nameAll(among)} can act out ${listNames(among.flatMap(({ effects }) => effects))}`,
  );
  for (const [name, pattern] of Object.entries(rule.match ?? {})) {
    points = narrow(
      points,
      ({ attributes = {} }) => Object.hasOwn(attributes, name),
      "FAULT_UNKNOWN_ATTRIBUTE",
      (among) =>
        `"${name}"; ${nameAll(among)}: ${listNames(among.flatMap(({ attributes = {} }) => Object.keys(attributes)))}`,
    );
    points = narrow(
      points,
      ({ attributes = {} }) => attributes[name] !== undefined && canBe(attributes[name], pattern),
      "FAULT_IMPOSSIBLE_VALUE",
      (among) =>
        `${name} "${pattern}"; ${nameAll(among)}: ${listNames(among.flatMap((point) => possibleValues(point, name)))}`,
    );
  }
  return points;
}

const possibleValues = ({ attributes = {} }: FaultPoint, name: string): readonly string[] =>
  attributes[name]?.values ?? [attributes[name]?.template ?? ""];
