import type { Check } from "../../runner/check.ts";
import { defineSuite } from "../../runner/suite.ts";
import { credentialsCheck } from "./checks/credentials.ts";
import { fidelityCheck } from "./checks/fidelity.ts";
import { goneBackupCheck } from "./checks/gone-backup.ts";
import { neighbourCheck } from "./checks/neighbour.ts";
import { openSessionsCheck } from "./checks/open-sessions.ts";
import { replacementCheck } from "./checks/replacement.ts";
import { BackupContext } from "./context.ts";
import { Shared } from "../../osb/shared-instances.ts";

/** The checks of the backup suite, in the order in which they run. */
export const BACKUP_CHECKS: readonly Check<BackupContext>[] = [
  fidelityCheck,
  replacementCheck,
  openSessionsCheck,
  credentialsCheck,
  goneBackupCheck,
  neighbourCheck,
];

/** Backup and restore: what comes back, what disappears, and who is left alone. */
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
