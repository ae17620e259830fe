import Type, { type Static } from "typebox";
import { parseAs } from "../clients/answers.ts";
import type { NamedBug } from "./bug.ts";

/** How a hunt for a planted bug ended: seeds were played from 1 on until one failed. */
export const Hunt = Type.Object({
  bug: Type.String(),
  /** The first seed that failed; null where none did. */
  seed: Type.Union([Type.Integer({ minimum: 1 }), Type.Null()]),
  /** Seeds that were played. */
  played: Type.Integer({ minimum: 1 }),
  /** Whether the plan was shrunk; if not, it is the seed's own. */
  isShrunk: Type.Boolean(),
  /** The plan, a line for each thing that had an effect, and its path in the tree of shrinks. */
  lines: Type.Array(Type.String()),
  path: Type.String(),
  /** The promise that broke. */
  reason: Type.String(),
});
/** How a hunt for a planted bug ended. */
export type Hunt = Static<typeof Hunt>;

/** Reads hunts. @throws ScenarioError when they are of another shape */
export const parseHunts = (text: string): readonly Hunt[] =>
  parseAs(Type.Array(Hunt), JSON.parse(text), "hunts for planted bugs");

/** A bug counts as caught when a seed up to this one found it and a person can read why in so many lines. */
export const CAUGHT = { seedsMax: 300, linesMax: 8 } as const;

const isFound = ({ seed }: Hunt): boolean => seed !== null && seed <= CAUGHT.seedsMax;
const isCaught = (hunt: Hunt): boolean => isFound(hunt) && hunt.isShrunk && hunt.lines.length <= CAUGHT.linesMax;

function linesOf(hunt: Hunt | undefined): string {
  if (hunt === undefined || hunt.seed === null) return "";
  return hunt.isShrunk ? `${hunt.lines.length}` : `${hunt.lines.length}, not shrunk`;
}

/** Ids of a run are long and say nothing on a page. */
const plain = (text: string): string => text.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27,}/g, "…").replaceAll("|", "\\|");

function rowOf({ name, part, does }: NamedBug, hunt: Hunt | undefined): string {
  const seed = hunt === undefined ? "not hunted" : (hunt.seed ?? `**not found** in ${hunt.played}`);
  return `| \`${name}\` | ${part} | … ${does} | ${seed} | ${linesOf(hunt)} | ${plain(hunt?.reason ?? "").slice(0, 140)} |`;
}

function planOf({ bug, seed, path, lines, isShrunk }: Hunt): readonly string[] {
  if (seed === null || !isShrunk) return [];
  const replay = `npm run drydock -- replay provisioning --seed ${seed} --path "${path}" --planted-bug ${bug}`;
  return ["", `### ${bug}`, "", "```", replay, "", ...lines.map(plain), "```"];
}

/** The page that shows which planted bugs seeds find, in Markdown. Bugs without a hunt have a row, too. */
export function matrixPage(bugs: readonly NamedBug[], hunts: readonly Hunt[]): string {
  const byBug = new Map(hunts.map((hunt) => [hunt.bug, hunt]));
  const known = bugs.flatMap(({ name }) => byBug.get(name) ?? []);
  const [found, caught] = [known.filter(isFound).length, known.filter(isCaught).length];
  return [
    "# Planted bugs",
    "",
    "Does `drydock run provisioning` find what is wrong? Each row is a defect that can be planted in the reference broker, and the first seed, from 1 on, that fails on it;",
    "*lines* is the length of the shrunk plan: what is there from the start, steps and faults, without those that had no effect.",
    "",
    `**${found} of ${bugs.length}** are found within ${CAUGHT.seedsMax} seeds, ${caught} of them also shrunk to at most ${CAUGHT.linesMax} lines; ${bugs.length - known.length} have not been hunted since the plans changed last.`,
    "`npm run planted-bugs` hunts them, and writes this page. A run of 100 seeds or more hunts one of them, the canary, by itself.",
    "",
    "| Bug | Part | The broker … | Seed | Lines | What broke |",
    "|---|---|---|---|---|---|",
    ...bugs.map((bug) => rowOf(bug, byBug.get(bug.name))),
    "",
    "## The shrunk plans",
    ...known.flatMap(planOf),
    "",
  ].join("\n");
}
