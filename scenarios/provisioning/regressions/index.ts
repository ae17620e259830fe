import { deletionGivenUp } from "./deletion-given-up.ts";
import { groupLeftBehind } from "./group-left-behind.ts";
import { repairTooLate } from "./repair-too-late.ts";
import { repairUnderWay } from "./repair-under-way.ts";
import { repairWithoutDisk } from "./repair-without-disk.ts";
import { repairWithoutVm } from "./repair-without-vm.ts";
import { unbindDuringRecreation } from "./unbind-during-recreation.ts";
import { undoGivenUp } from "./undo-given-up.ts";
import { vmOfFailedDeploy } from "./vm-of-failed-deploy.ts";
import { writesDuringRestore } from "./writes-during-restore.ts";
import type { Regression } from "../regression.ts";

/** Plans that once failed and now pass; the tests play them (`npm test` some, .ci/run all), so that they keep passing. None is ever removed. */
export const REGRESSIONS: Readonly<Record<string, Regression>> = {
  "repair-without-vm": repairWithoutVm,
  "repair-without-disk": repairWithoutDisk,
  "repair-too-late": repairTooLate,
  "repair-under-way": repairUnderWay,
  "deletion-given-up": deletionGivenUp,
  "writes-during-restore": writesDuringRestore,
  "group-left-behind": groupLeftBehind,
  "unbind-during-recreation": unbindDuringRecreation,
  "undo-given-up": undoGivenUp,
  "vm-of-failed-deploy": vmOfFailedDeploy,
};
