import { backupMutants } from "../suites/backup/mutants/index.ts";
import { isolationMutants } from "../suites/isolation/mutants/index.ts";
import { OSB_MUTANTS } from "../osb/mutants/index.ts";
import type { MutantSet } from "../runner/mutant-set.ts";
import { osbMutantSet } from "./osb-mutant-set.ts";

/** One mutant set for each suite. */
export const MUTANT_SETS: readonly MutantSet[] = [osbMutantSet(OSB_MUTANTS), backupMutants, isolationMutants];
