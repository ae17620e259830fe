/** What whoever calls the runner names: options, summaries, events, errors, and the interfaces that a caller may implement. */
export { suggestionsFor } from "../client/errors/nearest.ts";
export { TARGET_ERRORS, TargetError, type TargetErrorCode } from "../client/errors/target-error.ts";
export type { Fetch } from "../client/http/fetch-transport.ts";
export { type Clock, wallClock } from "../client/clock.ts";
export type { SpecMinor } from "../client/spec-version.ts";
export {
  type Address,
  DataError,
  type DataPlane,
  type DataSession,
  type Extra,
  type Login,
  type Vantage,
} from "../data/plane.ts";
export { resolverAt, socketPlane, type SocketPlaneOptions } from "../data/sockets.ts";
export type { CellValue, Statement, TableRow, TableRows, TableShape } from "../data/statement.ts";
export { type DrydockFile } from "../settings/file.ts";
export { parseDrydockFile } from "../settings/drydock-file.ts";
export type { Acceptance } from "./baseline.ts";
export { parseBaseline } from "./parse-baseline.ts";
export type { Check, Outcome } from "./check.ts";
export { commandLine, type Flags } from "./command.ts";
export { type Coverage, exitCodeOf, type SuiteCoverage } from "./coverage.ts";
export * from "./events.ts";
export type { Backend } from "./hooks.ts";
export type { CleanRun, MutantInfo, MutantSet } from "./mutant-set.ts";
export { OPERATION_LIMITS, type OperationLimits } from "./limits.ts";
export type { CertifyOptions } from "./options.ts";
export type { AnySuite } from "./suite.ts";
export { type Cause, causesOf, worstOwnVerdict } from "./causes.ts";
export type { CertifySummary, CheckResult } from "./summary.ts";
export { INVOCATION, PACKAGE_NAME } from "./tool.ts";
