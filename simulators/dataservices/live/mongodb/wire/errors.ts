import type { Document } from "../values/value.ts";

/** The error codes of MongoDB's wire protocol that this engine gives, by name (`src/mongo/base/error_codes.yml` of the server). */
const CODES = {
  InternalError: 1,
  BadValue: 2,
  NoSuchKey: 4,
  GraphContainsCycle: 5,
  FailedToParse: 9,
  UserNotFound: 11,
  Unauthorized: 13,
  TypeMismatch: 14,
  Overflow: 15,
  InvalidLength: 16,
  ProtocolError: 17,
  AuthenticationFailed: 18,
  IllegalOperation: 20,
  NamespaceNotFound: 26,
  IndexNotFound: 27,
  PathNotViable: 28,
  RoleNotFound: 31,
  CannotBackfillArray: 34,
  ConflictingUpdateOperators: 40,
  CursorNotFound: 43,
  NamespaceExists: 48,
  MaxTimeMSExpired: 50,
  DollarPrefixedFieldName: 52,
  InvalidIdField: 53,
  NotSingleValueField: 54,
  CommandNotFound: 59,
  ImmutableField: 66,
  CannotCreateIndex: 67,
  InvalidOptions: 72,
  InvalidNamespace: 73,
  WriteConcernFailed: 64,
  UnknownReplWriteConcern: 79,
  IndexOptionsConflict: 85,
  IndexKeySpecsConflict: 86,
  OperationFailed: 96,
  UnsatisfiableWriteConcern: 100,
  WriteConflict: 112,
  CommandNotSupportedOnView: 166,
  DocumentValidationFailure: 121,
  MechanismUnavailable: 334,
  DuplicateKey: 11000,
  NotWritablePrimary: 10107,
  NoSuchTransaction: 251,
  TransactionTooOld: 225,
  TransactionCommitted: 256,
  OperationNotSupportedInTransaction: 263,
  IncompleteTransactionHistory: 217,
  ChangeStreamHistoryLost: 286,
  ChangeStreamFatalError: 280,
  BSONObjectTooLarge: 10334,
  ExceededMemoryLimit: 146,
  ExceededTimeLimit: 262,
  CappedPositionLost: 136,
  ClientMetadataCannotBeMutated: 186,
  InvalidBSON: 22,
  QueryPlanKilled: 175,
  InvalidResumeToken: 260,
  NotAReplicaSet: 123,
  NotImplemented: 238,
  SnapshotUnavailable: 246,
  TooManyFilesOpen: 264,
  UserAlreadyExists: 51003,
  UnknownField: 40415,
  MissingField: 40414,
  UnknownPipelineStage: 40324,
  StageNotAlone: 40323,
  NotMasterNoSlaveOk: 13435,
  OutOfDiskSpace: 14031,
  InterruptedAtShutdown: 11600,
  Interrupted: 11601,
  InterruptedDueToReplStateChange: 11602,
  LockTimeout: 24,
  APIVersionError: 322,
  APIStrictError: 323,
  HostUnreachable: 6,
  HostNotFound: 7,
  NetworkTimeout: 89,
  ShutdownInProgress: 91,
  PrimarySteppedDown: 189,
  PreparedTransactionInProgress: 267,
  SocketException: 9001,
  NotPrimaryOrSecondary: 13436,
  TooManySessions: 261,
  IndexAlreadyExists: 68,
  NotExactValueField: 111,
} as const;

/** A name in `CODES`. */
type CodeName = keyof typeof CODES;

/** A refusal of a command, as the reply shows it: `{ok: 0, errmsg, code, codeName}` and the fields of `details`. */
export class ServerError extends Error {
  readonly code: number;
  readonly codeName: string;
  readonly details: Document;

  constructor(codeName: CodeName | number, message: string, details: Document = {}) {
    super(message);
    this.name = "ServerError";
    this.code = typeof codeName === "number" ? codeName : CODES[codeName];
    this.codeName = typeof codeName === "number" ? ServerError.nameOf(codeName) : codeName;
    this.details = details;
  }

  /** The name of a code; `Location…` for one without. */
  static nameOf(code: number): string {
    return Object.entries(CODES).find(([, each]) => each === code)?.[0] ?? `Location${code}`;
  }

  /** The fields of the reply. */
  get reply(): Document {
    return { ok: 0, errmsg: this.message, code: this.code, codeName: this.codeName, ...this.details };
  }
}

/** A feature of the real server that this engine lacks: refused, never half done. */
export const notSimulated = (what: string): ServerError => new ServerError("NotImplemented", `not simulated: ${what}`);
