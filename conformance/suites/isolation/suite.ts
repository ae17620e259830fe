import type { Check } from "../../runner/check.ts";
import { defineSuite } from "../../runner/suite.ts";
import { routesCheck, passwordTimeCheck, tlsCheck, identityCheck, adminRoutesCheck } from "./checks/authentication.ts";
import { bindingReuseCheck } from "./checks/binding-reuse.ts";
import { closedCheck } from "./checks/closed.ts";
import { crossLoginCheck } from "./checks/cross-login.ts";
import { defaultAccountsCheck } from "./checks/default-accounts.ts";
import { foreignBackupCheck, backupListingCheck } from "./checks/foreign-backup.ts";
import { foreignBindingCheck } from "./checks/foreign-binding.ts";
import { idsCheck, oracleCheck, errorsCheck } from "./checks/hostile.ts";
import { instanceToInstanceCheck } from "./checks/instance-to-instance.ts";
import { movedCheck } from "./checks/moved.ts";
import { spoofCheck, reuseCheck, outageCheck, managementCheck, namesCheck } from "./checks/network.ts";
import {
  sharedCheck,
  logsCheck,
  streamsCheck,
  rulesCheck,
  diskCheck,
  orphansCheck,
  temporaryCheck,
  callbacksCheck,
} from "./checks/operator.ts";
import { instanceIdCheck, foreignIdsCheck, repeatedBindCheck, tokenCheck, tombstoneCheck } from "./checks/ownership.ts";
import { privilegesCheck, egressCheck, injectionCheck, echoCheck, sourcesCheck } from "./checks/parameters.ts";
import { roleCheck, hostCheck, escalationCheck, peersCheck, catalogCheck } from "./checks/postgresql.ts";
import { redisCheck } from "./checks/redis.ts";
import { reprovisionCheck } from "./checks/reprovision.ts";
import { foreignRestoreCheck, foreignRolesCheck, metadataCheck } from "./checks/restores.ts";
import { hostileDumpCheck } from "./checks/hostile-dump.ts";
import { predictableCheck } from "./checks/secrets.ts";
import { storesCheck, keysCheck, storeCredentialsCheck } from "./checks/stores.ts";
import { bypassCheck, roleRemovalCheck, swapCheck } from "./checks/dashboards.ts";
import { certificatesCheck } from "./checks/certificates.ts";
import { mongoCheck } from "./checks/mongodb.ts";
import { mysqlCheck } from "./checks/mysql.ts";
import { noiseCheck } from "./checks/noise.ts";
import { oauthCheck, sitesCheck } from "./checks/oauth.ts";
import { rabbitCheck } from "./checks/rabbitmq.ts";
import { guessesCheck, listsCheck, spoofingCheck } from "./checks/registry.ts";
import { searchCheck } from "./checks/search.ts";
import { shareCheck } from "./checks/sharing.ts";
import { revokedCheck } from "./checks/unbound.ts";
import { uniqueCredentialsCheck } from "./checks/unique-credentials.ts";
import { IsolationContext } from "./context.ts";
import { Shared } from "../../osb/shared-instances.ts";

/** The checks of the isolation suite, in the order of the plan, in which they run. */
export const ISOLATION_CHECKS: readonly Check<IsolationContext>[] = [
  routesCheck,
  passwordTimeCheck,
  tlsCheck,
  instanceIdCheck,
  foreignIdsCheck,
  foreignBindingCheck,
  bindingReuseCheck,
  repeatedBindCheck,
  tokenCheck,
  spoofCheck,
  identityCheck,
  idsCheck,
  oracleCheck,
  adminRoutesCheck,
  errorsCheck,
  privilegesCheck,
  egressCheck,
  injectionCheck,
  echoCheck,
  sourcesCheck,
  shareCheck,
  uniqueCredentialsCheck,
  predictableCheck,
  revokedCheck,
  crossLoginCheck,
  reprovisionCheck,
  defaultAccountsCheck,
  sharedCheck,
  certificatesCheck,
  logsCheck,
  streamsCheck,
  roleCheck,
  hostCheck,
  escalationCheck,
  peersCheck,
  catalogCheck,
  mysqlCheck,
  redisCheck,
  mongoCheck,
  rabbitCheck,
  searchCheck,
  noiseCheck,
  closedCheck,
  rulesCheck,
  movedCheck,
  reuseCheck,
  outageCheck,
  instanceToInstanceCheck,
  managementCheck,
  bypassCheck,
  listsCheck,
  guessesCheck,
  namesCheck,
  spoofingCheck,
  diskCheck,
  orphansCheck,
  temporaryCheck,
  tombstoneCheck,
  foreignBackupCheck,
  backupListingCheck,
  foreignRestoreCheck,
  storesCheck,
  keysCheck,
  hostileDumpCheck,
  foreignRolesCheck,
  metadataCheck,
  storeCredentialsCheck,
  swapCheck,
  roleRemovalCheck,
  oauthCheck,
  sitesCheck,
  callbacksCheck,
];

/** The checks that try a tenant's credentials and addresses: the API alone does not show who gets in. */
const OVER_THE_NETWORK = [
  revokedCheck,
  crossLoginCheck,
  reprovisionCheck,
  defaultAccountsCheck,
  closedCheck,
  instanceToInstanceCheck,
];

/**
 * The suite about isolation of tenants: what one can do to another through the broker, with its credentials,
 * over the network.
 */
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
