import type { Check } from "../../runner/check.ts";
import { defineSuite } from "../../runner/suite.ts";
import { bindingReuseCheck } from "./checks/binding-reuse.ts";
import { closedCheck } from "./checks/closed.ts";
import { crossLoginCheck } from "./checks/cross-login.ts";
import { defaultAccountsCheck } from "./checks/default-accounts.ts";
import { backupListingCheck, foreignBackupCheck } from "./checks/foreign-backup.ts";
import { foreignBindingCheck } from "./checks/foreign-binding.ts";
import { instanceToInstanceCheck } from "./checks/instance-to-instance.ts";
import { reprovisionCheck } from "./checks/reprovision.ts";
import { revokedCheck } from "./checks/unbound.ts";
import { uniqueCredentialsCheck } from "./checks/unique-credentials.ts";
import { IsolationContext } from "./context.ts";
import { Shared } from "../../osb/shared-instances.ts";

/** The checks of the isolation suite, in the order in which they run. */
export const ISOLATION_CHECKS: readonly Check<IsolationContext>[] = [
  foreignBindingCheck,
  bindingReuseCheck,
  uniqueCredentialsCheck,
  revokedCheck,
  crossLoginCheck,
  reprovisionCheck,
  defaultAccountsCheck,
  closedCheck,
  instanceToInstanceCheck,
  foreignBackupCheck,
  backupListingCheck,
];

/** Those that try a tenant's credentials and addresses: what the API alone shows says nothing of who gets in. */
const OVER_THE_NETWORK = [
  revokedCheck,
  crossLoginCheck,
  reprovisionCheck,
  defaultAccountsCheck,
  closedCheck,
  instanceToInstanceCheck,
];

/** Isolation of tenants: what one can do to another through the broker, with its credentials, over the network. */
export const isolationSuite = defineSuite<IsolationContext>({
  name: "isolation",
  checks: ISOLATION_CHECKS,
  subject: OVER_THE_NETWORK.map(({ id }) => id),
  open(run) {
    const shared = new Shared(run);
    return {
      contextFor: (platform) => new IsolationContext(platform, shared),
      afterCheck: (context, outcome) => context.close(outcome),
      reclaim: () => shared.reclaim(),
    };
  },
});
