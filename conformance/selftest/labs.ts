import { backupLab } from "../backup/mutants/lab.ts";
import { isolationLab } from "../isolation/mutants/lab.ts";
import { OSB_MUTANTS } from "../osb/mutants/index.ts";
import type { Lab } from "./lab.ts";
import { osbLab } from "./osb-lab.ts";

/** One lab for each suite. */
export const LABS: readonly Lab[] = [osbLab(OSB_MUTANTS), backupLab, isolationLab];
