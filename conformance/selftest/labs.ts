import { backupLab } from "../suites/backup/mutants/index.ts";
import { isolationLab } from "../suites/isolation/mutants/index.ts";
import { OSB_MUTANTS } from "../osb/mutants/index.ts";
import type { Lab } from "../runner/mutant-set.ts";
import { osbLab } from "./osb-lab.ts";

/** One lab for each suite. */
export const LABS: readonly Lab[] = [osbLab(OSB_MUTANTS), backupLab, isolationLab];
