import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";

/** The version of our part of the statement. */
export const CERTIFICATE_VERSION = 1;
/** The type of an in-toto statement. */
export const STATEMENT_TYPE = "https://in-toto.io/Statement/v1";
/** Its predicate: the result of tests, as the in-toto attestation framework defines it. */
export const PREDICATE_TYPE = "https://in-toto.io/attestation/test-result/v0.1";

const Text = Type.String();
const Texts = Type.Array(Text);
const Count = Type.Integer({ minimum: 0 });
const Sha256 = Type.Object({ sha256: Type.String({ pattern: "^[0-9a-f]{64}$" }) });
const Resource = Type.Object({ name: Text, digest: Sha256 });

const SuiteName = Type.Enum(["osb", "backup", "isolation"]);

/** One check of a suite, run or not. */
const CertifiedCheck = Type.Object({
  id: Text,
  suite: SuiteName,
  level: Type.Enum(["MUST", "SHOULD", "MAY"]),
  clauses: Texts,
  verdict: Type.Enum(["pass", "fail", "warn", "unknown", "not-applicable", "not-held"]),
  /** The check that judges the fault from which an unknown verdict follows. */
  followsFrom: Type.Optional(Text),
});

const Waiver = Type.Object({ check: Text, reason: Text, until: Type.String({ pattern: "^\\d{4}-\\d{2}-\\d{2}$" }) });

const CertifiedSuite = Type.Object({
  suite: SuiteName,
  /** Of the ids, levels and clauses of all its checks. */
  digest: Sha256,
  checks: Count,
  exercised: Count,
});

const ReachedLevel = Type.Object({
  suite: SuiteName,
  level: Text,
  /** The basis of the level. */
  checks: Count,
  exercised: Count,
  /** Set on a level that rests on waivers; it ends with the first of them. */
  provisionalUntil: Type.Optional(Text),
});

const Certificate = Type.Object({
  v: Type.Literal(CERTIFICATE_VERSION),
  runs: Texts,
  issuedAt: Text,
  validUntil: Text,
  target: Type.Object({ url: Text, version: Type.Optional(Text), image: Type.Optional(Resource) }),
  profile: Text,
  plans: Type.Array(Type.Object({ service: Text, plan: Text })),
  statement: Text,
  /** `part`: the run left something out. */
  outcome: Type.Enum(["conformant", "conformant-but-for-waivers", "not-conformant", "not-determined", "part"]),
  narrowedBy: Texts,
  suites: Type.Array(CertifiedSuite),
  levels: Type.Array(ReachedLevel),
  checks: Type.Array(CertifiedCheck),
  waivers: Type.Array(Waiver),
  waiversAllowed: Type.Boolean(),
  adapters: Type.Array(Type.Object({ suite: SuiteName, name: Text, by: Type.Enum(["found", "drydock.yml"]) })),
  measured: Type.Array(Type.Object({ name: Text, value: Type.Number(), unit: Text })),
  environment: Type.Object({
    tool: Text,
    node: Text,
    platform: Text,
    code: Type.Object({ form: Text, digest: Sha256 }),
  }),
  commands: Texts,
});

const Statement = Type.Object({
  _type: Type.Literal(STATEMENT_TYPE),
  subject: Type.Array(Resource, { minItems: 1 }),
  predicateType: Type.Literal(PREDICATE_TYPE),
  predicate: Type.Object({
    result: Type.Enum(["PASSED", "WARNED", "FAILED"]),
    configuration: Type.Array(Resource),
    passedTests: Texts,
    warnedTests: Texts,
    failedTests: Texts,
    drydock_certificate: Certificate,
  }),
});

/** One check of a suite, run or not. */
export type CertifiedCheck = Readonly<Static<typeof CertifiedCheck>>;
/** A level that was reached, and what it rests on. */
export type ReachedLevel = Readonly<Static<typeof ReachedLevel>>;
/** A failure that the vendor's baseline accepts until the end of a day (UTC). */
export type Waiver = Readonly<Static<typeof Waiver>>;
/** A suite as it was certified. */
export type CertifiedSuite = Readonly<Static<typeof CertifiedSuite>>;
/** A file or suite, by its name and SHA-256. */
export type Resource = Readonly<Static<typeof Resource>>;
/** Our part of the predicate. */
export type Certificate = Static<typeof Certificate>;
/** The signed part. Members that a later drydock adds are tolerated. */
export type Statement = Static<typeof Statement>;

const statements = Compile(Statement);

/** The statement in a signed text; undefined if it is not one. */
export function parseStatement(text: string): Statement | undefined {
  try {
    const found: unknown = JSON.parse(text);
    return statements.Check(found) ? found : undefined;
  } catch {
    return undefined;
  }
}
