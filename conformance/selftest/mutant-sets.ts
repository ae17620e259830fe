import { backupLab } from "../backup/mutants/lab.ts";
import { isolationLab } from "../isolation/mutants/lab.ts";
import { OSB_MUTANTS } from "../osb/mutants/index.ts";
import type { MutantSet } from "./mutant-set.ts";
import { osbMutantSet } from "./osb-mutant-set.ts";

/** One mutant set for each suite. */
export const MUTANT_SETS: readonly MutantSet[] = [osbMutantSet(OSB_MUTANTS), backupLab, isolationLab];
