import Type, { type Static } from "typebox";

/** Seeds that one worker plays in a row; plain data, the payload of a job. */
export const Unit = Type.Object({
  campaign: Type.String(),
  /** Name of the scenario, or the path of its file. */
  scenario: Type.String(),
  plantedBug: Type.Optional(Type.String()),
  from: Type.Integer(),
  count: Type.Integer({ minimum: 1 }),
});
/** Seeds that one worker plays in a row. */
export type Unit = Static<typeof Unit>;

/** The work in one unit, in ms: long compared with the cost of a job, short enough to lose with a killed worker. */
const UNIT_MS = 3000;
const SEEDS_MAX = 200;
/** The assumed time of a seed before any measurement, in ms. */
const SEEDS_UNMEASURED = 8;

/** How many seeds make a unit. @param msOfSeed what a seed took on average, if known */
export const seedsOfUnit = (msOfSeed: number | undefined): number =>
  msOfSeed === undefined
    ? SEEDS_UNMEASURED
    : Math.max(1, Math.min(SEEDS_MAX, Math.round(UNIT_MS / Math.max(msOfSeed, 0.01))));

/** Cuts seeds into units of neighbours, in the order in which they are given. */
export function cutUnits(seeds: readonly number[], size: number, of: Omit<Unit, "from" | "count">): readonly Unit[] {
  const units: Unit[] = [];
  for (const seed of seeds) {
    const last = units.at(-1);
    if (last !== undefined && last.count < size && seed === last.from + last.count)
      units[units.length - 1] = { ...last, count: last.count + 1 };
    else units.push({ ...of, from: seed, count: 1 });
  }
  return units;
}

/** The halves of a unit that killed its worker. @throws RangeError for a single seed */
export function splitUnit(unit: Unit): readonly [Unit, Unit] {
  if (unit.count < 2) throw new RangeError(`seed ${unit.from} can't be split`);
  const first = Math.floor(unit.count / 2);
  return [
    { ...unit, count: first },
    { ...unit, from: unit.from + first, count: unit.count - first },
  ];
}
