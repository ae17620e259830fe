import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";
import type { RunEvent } from "../conformance/runner/events.ts";

/**
 * The schema of the event stream: what a line of a run.jsonl must hold before anything trusts it. Unknown members are tolerated, so that a later
 * writer of the same version may add some.
 */
const V = Type.Union([Type.Literal(1), Type.Literal(2)]);
const Text = Type.String();
const Texts = Type.Array(Text);
const Headers = Type.Record(Text, Text);
const DurationMs = Type.Number({ minimum: 0 });
const VerdictName = Type.Union([
  Type.Literal("fail"),
  Type.Literal("unknown"),
  Type.Literal("warn"),
  Type.Literal("pass"),
  Type.Literal("not-applicable"),
]);

const Exchange = Type.Object({
  curl: Text,
  setup: Type.Optional(Type.Boolean()),
  request: Type.Object({ method: Text, url: Text, headers: Headers, body: Type.Optional(Text) }),
  response: Type.Optional(
    Type.Object({ status: Type.Optional(Type.Number()), headers: Headers, body: Text, elapsedMs: Type.Number() }),
  ),
  error: Type.Optional(Text),
});

const SuiteName = Type.Union([Type.Literal("osb"), Type.Literal("backup"), Type.Literal("isolation")]);

const CheckInfo = Type.Object({
  id: Text,
  suite: SuiteName,
  title: Text,
  level: Type.Union([Type.Literal("MUST"), Type.Literal("SHOULD"), Type.Literal("MAY")]),
  clauses: Texts,
  section: Text,
  severity: Type.Optional(
    Type.Union([Type.Literal("critical"), Type.Literal("high"), Type.Literal("medium"), Type.Literal("low")]),
  ),
  requirement: Text,
});

const RunScope = Type.Object({
  suites: Type.Array(Type.Object({ suite: SuiteName, checks: Texts, leftOut: Texts, subject: Type.Optional(Texts) })),
  narrowedBy: Type.Array(
    Type.Object({
      by: Type.Union([
        Type.Literal("only"),
        Type.Literal("service"),
        Type.Literal("plan"),
        Type.Literal("max-instances"),
        Type.Literal("suites"),
      ]),
      to: Text,
    }),
  ),
});

const RunStarted = Type.Object({
  v: V,
  type: Type.Literal("run-started"),
  at: Text,
  run: Text,
  tool: Type.Object({ name: Text, version: Text }),
  command: Text,
  target: Type.Union([
    Type.Object({ kind: Type.Literal("broker"), url: Text }),
    Type.Object({ kind: Type.Literal("scenario"), name: Text }),
  ]),
  profile: Type.Optional(Text),
  judged: Type.Optional(Type.Object({ plans: Type.Array(Type.Object({ service: Text, plan: Text })), version: Text })),
  planned: Type.Integer({ minimum: 0 }),
  scope: Type.Optional(RunScope),
});

const CheckFinished = Type.Object({
  v: V,
  type: Type.Literal("check-finished"),
  check: CheckInfo,
  verdict: VerdictName,
  reason: Type.Optional(Text),
  expected: Type.Optional(Text),
  seen: Type.Optional(Text),
  followsFrom: Type.Optional(Text),
  accepted: Type.Optional(Type.Object({ reason: Text, until: Text })),
  durationMs: DurationMs,
  evidence: Type.Array(Exchange),
});

const SeedFinished = Type.Object({
  v: V,
  type: Type.Literal("seed-finished"),
  scenario: Text,
  seed: Type.Integer(),
  verdict: Type.Union([Type.Literal("pass"), Type.Literal("fail"), Type.Literal("unknown")]),
  digest: Text,
  steps: Type.Integer({ minimum: 0 }),
  reason: Type.Optional(Text),
  counterexample: Type.Optional(Type.Object({ steps: Texts, replay: Text })),
  durationMs: DurationMs,
});

const LeftBehind = Type.Object({
  v: V,
  type: Type.Literal("left-behind"),
  items: Type.Array(
    Type.Object({
      kind: Type.Union([Type.Literal("instance"), Type.Literal("binding"), Type.Literal("backup")]),
      id: Text,
      curl: Text,
    }),
  ),
});

const Count = Type.Integer({ minimum: 0 });
const RunFinished = Type.Object({
  v: V,
  type: Type.Literal("run-finished"),
  at: Text,
  verdict: VerdictName,
  counts: Type.Object({ fail: Count, unknown: Count, warn: Count, pass: Count, "not-applicable": Count }),
  exitCode: Type.Integer(),
  conformant: Type.Optional(Type.Boolean()),
  statement: Type.Optional(Text),
  causes: Type.Optional(Count),
});

const Event = Type.Union([
  RunStarted,
  Type.Object({ v: V, type: Type.Literal("check-started"), check: Text }),
  CheckFinished,
  SeedFinished,
  LeftBehind,
  Type.Object({ v: V, type: Type.Literal("note"), text: Text }),
  RunFinished,
]);

const compiled = Compile(Event);

/** Whether a parsed line is an event of a supported version. */
export function isRunEvent(value: unknown): value is RunEvent & Static<typeof Event> {
  return compiled.Check(value);
}
