import type { Check } from "../../runner/check.ts";
import { defineSuite } from "../../runner/suite.ts";
import { atOnceCheck } from "./checks/concurrent.ts";
import { prefixCheck, totalCheck, causesCheck, acknowledgedCheck } from "./checks/consistency.ts";
import { credentialsCheck } from "./checks/credentials.ts";
import { flipCheck, partCheck, interruptedCheck } from "./checks/damage.ts";
import { fidelityCheck } from "./checks/fidelity.ts";
import { goneBackupCheck } from "./checks/gone-backup.ts";
import { declaredCheck, progressCheck, unknownIdsCheck, lostReplyCheck, notReadyCheck } from "./checks/interface.ts";
import { atRestCheck, rotationCheck, secrecyCheck, downloadCheck } from "./checks/keys.ts";
import { retentionCheck, removalCheck, scheduleCheck } from "./checks/lifecycle.ts";
import { lossCheck, restoreTimeCheck, stallCheck, amplificationCheck } from "./checks/measured.ts";
import { windowCheck, precisionCheck, branchesCheck, idleCheck } from "./checks/moments.ts";
import { neighbourCheck } from "./checks/neighbour.ts";
import { copyCheck, sizesCheck, versionsCheck, afterDeprovisionCheck, policyCheck } from "./checks/new-instance.ts";
import { openSessionsCheck } from "./checks/open-sessions.ts";
import { emptyCheck, largeCheck, twiceCheck, backAndForthCheck } from "./checks/repeated.ts";
import { replacementCheck } from "./checks/replacement.ts";
import { settingsCheck } from "./checks/settings.ts";
import {
  missingStoreCheck,
  failOverCheck,
  agentCheck,
  storeCheck,
  unlockCheck,
  fullDiskCheck,
} from "./checks/store-faults.ts";
import { setBackCheck } from "./checks/set-back.ts";
import { timesCheck } from "./checks/times.ts";
import { BackupContext } from "./context.ts";
import { Shared } from "../../osb/shared-instances.ts";

/** The checks of the backup suite, in the order of the plan, in which they run. */
export const BACKUP_CHECKS: readonly Check<BackupContext>[] = [
  declaredCheck,
  progressCheck,
  unknownIdsCheck,
  timesCheck,
  atOnceCheck,
  lostReplyCheck,
  notReadyCheck,
  missingStoreCheck,
  emptyCheck,
  fidelityCheck,
  replacementCheck,
  openSessionsCheck,
  prefixCheck,
  totalCheck,
  causesCheck,
  acknowledgedCheck,
  largeCheck,
  settingsCheck,
  credentialsCheck,
  copyCheck,
  sizesCheck,
  versionsCheck,
  afterDeprovisionCheck,
  goneBackupCheck,
  twiceCheck,
  backAndForthCheck,
  windowCheck,
  precisionCheck,
  branchesCheck,
  idleCheck,
  failOverCheck,
  agentCheck,
  storeCheck,
  unlockCheck,
  flipCheck,
  partCheck,
  interruptedCheck,
  fullDiskCheck,
  setBackCheck,
  atRestCheck,
  rotationCheck,
  secrecyCheck,
  downloadCheck,
  retentionCheck,
  removalCheck,
  scheduleCheck,
  policyCheck,
  neighbourCheck,
  lossCheck,
  restoreTimeCheck,
  stallCheck,
  amplificationCheck,
];

/** The suite about backup and restore: what comes back, what disappears, and whom it leaves alone. */
export const backupSuite = defineSuite<BackupContext>({
  name: "backup",
  checks: BACKUP_CHECKS,
  open(run) {
    const shared = new Shared(run);
    return {
      contextFor: (platform) => new BackupContext(platform, shared),
      afterCheck: (context, outcome) => context.close(outcome),
      reclaim: () => shared.reclaim(),
    };
  },
});
