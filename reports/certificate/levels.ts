import type { CertifiedCheck, ReachedLevel, Waiver } from "./statement.ts";

/** A rung of a ladder: its name, and the checks that it adds to those below. */
interface Rung {
  readonly level: string;
  readonly adds: (check: CertifiedCheck) => boolean;
}

/** The backup level of a check, by its number (BK-…): what a service must offer for the check to apply. All others are B1. */
const BACKUP_LEVELS: Readonly<Record<string, readonly number[]>> = {
  B2: [20, 21, 22],
  B3: [27, 28, 29, 30],
  B4: [23, 39, 47],
  B5: [8, 40, 41, 42, 43, 44, 45, 46],
};
/** Checks of a service's declarations, which any service passes that declares nothing. */
const DECLARED = [1];

/** The farthest vantage that a check of isolation needs (IS-…): A the API, D a binding's data plane, N the network, O the operator. */
const ISOLATION_VANTAGES: Readonly<Record<"D" | "N" | "O", readonly number[]>> = {
  D: [24, 25, 26, 27, 32, 33, 34, 36, 37, 38, 41, 42, 65],
  N: [14, 17, 21, 29, 31, 35, 39, 40, 43, 48, 49, 50, 51, 52, 53],
  O: [19, 28, 30, 44, 45, 46, 47, 54, 55, 56, 57, 62, 63, 64, 66, 67, 72],
};

/** The number of a requirement: 10 of `BK-10`. */
const numbersOf = ({ clauses }: CertifiedCheck): readonly number[] =>
  clauses.map((clause) => Number(/^(?:BK|IS)-(\d+)$/.exec(clause)?.[1] ?? Number.NaN));

const belongs = (check: CertifiedCheck, numbers: readonly number[] | undefined): boolean =>
  numbersOf(check).some((number) => numbers?.includes(number) === true);

function backupLevelOf(check: CertifiedCheck): string | undefined {
  if (belongs(check, DECLARED)) return undefined;
  return Object.keys(BACKUP_LEVELS).find((level) => belongs(check, BACKUP_LEVELS[level])) ?? "B1";
}

function vantageOf(check: CertifiedCheck): "A" | "D" | "N" | "O" {
  return (["O", "N", "D"] as const).find((vantage) => belongs(check, ISOLATION_VANTAGES[vantage])) ?? "A";
}

/** The ladders, lowest rung first; a rung is reached only together with all below it. */
const LADDERS: Readonly<Record<CertifiedCheck["suite"], readonly Rung[]>> = {
  osb: [
    { level: "core", adds: ({ level }) => level === "MUST" },
    { level: "extended", adds: ({ level }) => level !== "MUST" },
  ],
  backup: ["B1", "B2", "B3", "B4", "B5"].map((level) => ({ level, adds: (check) => backupLevelOf(check) === level })),
  isolation: (["A", "D", "N", "O"] as const).map((vantage, at, all) => ({
    level: all.slice(0, at + 1).join("+"),
    adds: (check) => vantageOf(check) === vantage,
  })),
};

const HOLDS: ReadonlySet<string> = new Set(["pass", "warn", "not-applicable"]);

/** Whether a check found out something about the broker. */
export const isExercised = ({ verdict }: CertifiedCheck): boolean =>
  verdict === "pass" || verdict === "warn" || verdict === "fail";

/** A warning of a MUST is an accepted failure, or an oddity beside the requirement; at `extended`, neither may remain. */
function holdsOn(check: CertifiedCheck, rung: Rung): boolean {
  return rung.level === "extended" ? check.verdict !== "warn" && HOLDS.has(check.verdict) : HOLDS.has(check.verdict);
}

function reachedOn(
  suite: CertifiedCheck["suite"],
  checks: readonly CertifiedCheck[],
  waived: ReadonlyMap<string, Waiver>,
  explained: ReadonlySet<string>,
): ReachedLevel | undefined {
  const isMet = (check: CertifiedCheck, rung: Rung): boolean =>
    waived.has(check.id) || explained.has(check.id) || holdsOn(check, rung);
  let reached: ReachedLevel | undefined;
  const below: CertifiedCheck[] = [];
  for (const rung of LADDERS[suite]) {
    const added = checks.filter(rung.adds);
    below.push(...added);
    if (!added.some(isExercised) || !below.every((check) => isMet(check, rung))) break;
    const ends = below.flatMap(({ id }) => waived.get(id)?.until ?? []).sort();
    reached = {
      suite,
      level: rung.level,
      checks: below.length,
      exercised: below.filter(isExercised).length,
      ...(ends[0] !== undefined && { provisionalUntil: ends[0] }),
    };
  }
  return reached;
}

/** The name of a suite's level if no rung of its ladder is reached. */
const NOTHING: Readonly<Record<CertifiedCheck["suite"], string>> = { osb: "none", backup: "B0", isolation: "none" };

/**
 * The highest level that each suite shows. It follows from the list of verdicts alone, so that whoever verifies a certificate can derive it again.
 * A run that left something out shows no level. `explained`: ids of unknown verdicts that follow from another finding.
 */
export function levelsOf(
  checks: readonly CertifiedCheck[],
  waivers: readonly Waiver[],
  explained: ReadonlySet<string>,
  isWhole: boolean,
): readonly ReachedLevel[] {
  const waived = new Map(waivers.map((waiver) => [waiver.check, waiver]));
  return [...Map.groupBy(checks, ({ suite }) => suite)].map(([suite, ofSuite]) => {
    const nothing = {
      suite,
      level: NOTHING[suite],
      checks: ofSuite.length,
      exercised: ofSuite.filter(isExercised).length,
    };
    const reached = isWhole ? reachedOn(suite, ofSuite, waived, explained) : undefined;
    if (reached !== undefined) return reached;
    const fails = ofSuite.some(({ verdict }) => verdict !== "not-applicable");
    return suite === "backup" && fails ? { ...nothing, level: "none" } : nothing;
  });
}

/** Every claim that the levels support, each level with all below it: `osb-core`, `backup-B1`, `isolation-A+D`. */
export function claimsBorneOut(levels: readonly ReachedLevel[]): readonly string[] {
  return levels.flatMap(({ suite, level }) => {
    const names = LADDERS[suite].map((rung) => rung.level);
    return names.slice(0, names.indexOf(level) + 1).map((name) => `${suite}-${name}`);
  });
}

/** Every possible claim. */
export const CLAIMS: readonly string[] = Object.entries(LADDERS).flatMap(([suite, rungs]) =>
  rungs.map(({ level }) => `${suite}-${level}`),
);
