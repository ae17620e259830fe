/**
 * Conformance of service brokers: suites of checks, run against a broker of which only the URL is known.
 *
 * `certify` runs suites and yields a summary with an exit code; `emit` gets the run as a stream of events.
 * `listClauses` lists the clauses that are checked, `selftest` proves that each check can fail.
 */
export { certify } from "./certify.ts";
export { CLAUSES, type Clause } from "./osb/clauses.ts";
export { type ClauseListing, listClauses } from "./osb/listing.ts";
export { OSB_CHECKS } from "./osb/checks.ts";
export { osbSuite } from "./osb/suite.ts";
export * from "./runner/index.ts";
export { type Narrowed, narrowMutantSet } from "./selftest/narrow.ts";
export { MUTANT_SETS } from "./selftest/mutant-sets.ts";
export { type KillMatrix, type Problem, type Progress, selftest, type SelftestResult } from "./selftest/selftest.ts";
export { DRIVERS as BACKUP_DRIVERS } from "./suites/backup/drivers.ts";
export type { BackupInterface } from "./suites/backup/interface.ts";
export { BACKUP_CHECKS, backupSuite } from "./suites/backup/suite.ts";
export { ISOLATION_CHECKS, isolationSuite } from "./suites/isolation/suite.ts";
export { SUITES } from "./suites/suites.ts";
