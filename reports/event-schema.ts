import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";
import type { RunEvent } from "../conformance/events.ts";

/**
 * The event stream at the edge: what a line of a run.jsonl must hold before anything inside trusts it. Members that are
 * not named here are tolerated, so that a later writer of version 1 may say more.
 */
const V = Type.Literal(1);
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

const CheckInfo = Type.Object({
  id: Text,
  suite: Type.Union([Type.Literal("osb"), Type.Literal("backup"), Type.Literal("isolation")]),
  title: Text,
  level: Type.Union([Type.Literal("MUST"), Type.Literal("SHOULD"), Type.Literal("MAY")]),
  clauses: Texts,
  section: Text,
  requirement: Text,
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
  planned: Type.Integer({ minimum: 0 }),
});

const CheckFinished = Type.Object({
  v: V,
  type: Type.Literal("check-finished"),
  check: CheckInfo,
  verdict: VerdictName,
  reason: Type.Optional(Text),
  expected: Type.Optional(Text),
  seen: Type.Optional(Text),
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

/** Whether a parsed line is an event of version 1. */
export function isRunEvent(value: unknown): value is RunEvent & Static<typeof Event> {
  return compiled.Check(value);
}
