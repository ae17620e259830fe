/** The sections of a coverage: plans played, steps that acted, faults that fired, what the laws had to judge, states reached, pairs met. */
const SECTIONS = ["plans", "steps", "faults", "laws", "states", "pairs"] as const;
type Section = (typeof SECTIONS)[number];

/** How often each thing happened, by section and name. Plain data: coverages of seeds add up. */
export type Coverage = Readonly<Record<Section, Readonly<Record<string, number>>>>;

const empty = (): Record<Section, Record<string, number>> => ({
  plans: {},
  steps: {},
  faults: {},
  laws: {},
  states: {},
  pairs: {},
});

const PLAYED = "played";
const HIT = "a fault acted";

/** Collects what a play exercised. */
export class Exercise {
  #coverage = empty();
  #plays = 0;
  /** Called with each thing that is noted. Default: nobody is. */
  onNote: ((section: Section, name: string) => void) | undefined = undefined;

  /** How many plays were added. */
  get plays(): number {
    return this.#plays;
  }

  /** Notes that something happened, `times` times. */
  note(section: Section, name: string, times = 1): void {
    const tally = this.#coverage[section];
    if (times > 0) tally[name] = (tally[name] ?? 0) + times;
    this.onNote?.(section, name);
  }

  /** Adds what another play exercised. */
  add(coverage: Coverage): void {
    this.#plays++;
    for (const section of SECTIONS)
      for (const [name, times] of Object.entries(coverage[section])) this.note(section, name, times);
  }

  /** Notes that a plan was played, and whether a fault acted in it. */
  notePlan(hasFault: boolean): void {
    this.note("plans", PLAYED);
    if (hasFault) this.note("plans", HIT);
  }

  /** Forgets everything. */
  clear(): void {
    this.#coverage = empty();
  }

  /** The coverage so far. */
  get coverage(): Coverage {
    return structuredClone(this.#coverage);
  }
}

/**
 * Why a passed run proves nothing; undefined if it does prove something. A run in which no step acted, or in which no law had anything to judge, is
 * vacuous, and so is one none of whose armed faults fired.
 *
 * @param armed faults that were armed
 */
export function whyVacuous({ steps, faults, laws }: Coverage): string | undefined {
  const sum = (tally: Readonly<Record<string, number>>): number => Object.values(tally).reduce((a, b) => a + b, 0);
  const acted = Object.keys(steps).filter((name) => !name.endsWith("(refused)"));
  if (acted.length === 0) return "no step acted";
  if (sum(laws) === 0) return "no law had anything to judge";
  const { armed = 0, ...fired } = faults;
  return armed > 0 && sum(fired) === 0 ? `of ${armed} faults none fired` : undefined;
}

const lineOf = (tally: Readonly<Record<string, number>>): string =>
  Object.entries(tally)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, times]) => `${name} ${times}`)
    .join(", ") || "nothing";

/**
 * Describes a coverage for a person, one line a section.
 *
 * @param pairs every pair that the scenario can meet
 */
export function describeCoverage(coverage: Coverage, pairs: readonly string[]): readonly string[] {
  const never = pairs.filter((pair) => coverage.pairs[pair] === undefined);
  const all = pairs.length === 0 ? [] : [describePairs(pairs.length, never)];
  return [
    ...describePlans(coverage),
    `steps that acted: ${lineOf(coverage.steps)}`,
    `faults: ${lineOf(coverage.faults)}`,
    `judged by the laws: ${lineOf(coverage.laws)}`,
    `states reached: ${lineOf(coverage.states)}`,
    ...all,
  ];
}

/** In how many plans a fault acted, and how many orders of each kind a plan had accepted: what tells whether plans reach what they are drawn for. */
function describePlans({ plans, steps }: Coverage): readonly string[] {
  const { [PLAYED]: played = 0, [HIT]: hit = 0 } = plans;
  if (played === 0) return [];
  const share = Math.round((100 * hit) / played);
  return [
    `plans: ${played}, a fault acted in ${hit} (${share} %), ${((steps.restore ?? 0) / played).toFixed(1)} restores accepted a plan`,
  ];
}

function describePairs(count: number, never: readonly string[]): string {
  const met = `pairs (operation × kind of fault × phase): ${count - never.length} of ${count} met`;
  return never.length === 0 ? met : `${met}; never: ${never.join(", ")}`;
}
