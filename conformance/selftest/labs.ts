import { backupMutants } from "../suites/backup/mutants/index.ts";
import { isolationMutants } from "../suites/isolation/mutants/index.ts";
import { OSB_MUTANTS } from "../osb/mutants/index.ts";
import type { MutantSet } from "../runner/mutant-set.ts";
import { osbLab } from "./osb-lab.ts";

/** One lab for each suite. */
export const LABS: readonly MutantSet[] = [osbLab(OSB_MUTANTS), backupMutants, isolationMutants];
