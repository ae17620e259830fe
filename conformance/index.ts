/**
 * Conformance of service brokers: suites of checks, run against a broker that is known by its URL only.
 *
 * `certify` runs suites and yields a summary with an exit code; `emit` gets the run as a stream of events. `listClauses` tells
 * what is checked, `selftest` proves that each check can fail.
 */
export { type BackupInterface, DRIVERS as BACKUP_DRIVERS } from "./suites/backup/interface.ts";
export { BACKUP_CHECKS, backupSuite } from "./suites/backup/suite.ts";
export {
  type Address,
  DataError,
  type DataPlane,
  type DataSession,
  type Extra,
  type Login,
  type Vantage,
} from "./data/plane.ts";
export { resolverAt, socketPlane, type SocketPlaneOptions } from "./data/sockets.ts";
export type {
  TableRow as Row,
  TableRows as Rows,
  Statement,
  TableShape,
  CellValue as Value,
} from "./data/statement.ts";
export { type Coverage, exitCodeOf, type SuiteCoverage } from "./runner/coverage.ts";
export * from "./runner/events.ts";
export type { Fetch } from "./client/http/fetch-transport.ts";
export { ISOLATION_CHECKS, isolationSuite } from "./suites/isolation/suite.ts";
export { CLAUSES, type Clause } from "./osb/clauses.ts";
export { type ClauseListing, listClauses } from "./osb/listing.ts";
export { OSB_CHECKS, osbSuite } from "./osb/suite.ts";
export type { Backend } from "./runner/hooks.ts";
export { type Acceptance, parseBaseline } from "./runner/baseline.ts";
export {
  certify,
  type CertifyOptions,
  type CertifySummary,
  type CheckResult,
  OPERATION_LIMITS,
  type OperationLimits,
} from "./runner/certify.ts";
export type { Check, Outcome, SpecMinor } from "./runner/check.ts";
export { type Flags, commandLine } from "./runner/command.ts";
export { type Clock, wallClock } from "./client/clock.ts";
export { TARGET_ERRORS, TargetError, type TargetErrorCode } from "./client/errors/target-error.ts";
export { type DrydockFile, parseDrydockFile } from "./settings/drydock-file.ts";
export { suggestionsFor } from "./client/errors/nearest.ts";
export type { AnySuite } from "./runner/suite.ts";
export type { CleanRun, MutantSet as Lab, MutantInfo } from "./runner/mutant-set.ts";
export { LABS } from "./selftest/labs.ts";
export { SUITES } from "./suites/suites.ts";
export { INVOCATION, PACKAGE_NAME } from "./runner/tool.ts";
export { type KillMatrix, type Problem, type Progress, selftest, type SelftestResult } from "./selftest/selftest.ts";
