import { readScenarios } from "../../parity/recording.ts";
import type { ScenarioScore } from "../../parity/ratchet.ts";
import { gunzipSync } from "node:zlib";
import type { Service } from "../../kernel/index.ts";
import { replayCli } from "./cli.ts";
import { type DirectorAnswer, Client } from "./client.ts";
import { type Bindings, differences, eventDifferences, fill, type CompareRules } from "./compare.ts";
import { causeNote } from "./notes.ts";
import { type RequestStep, type Scenario, type RecordedStep, type TaskStep } from "./recording.ts";

/** How far a scenario matches, and what differs. */
export interface ScenarioResult extends ScenarioScore {
  /** How many of them are steps of the CLI, which are judged by their requests, not by what the CLI prints. */
  readonly cli: number;
  readonly failures: readonly {
    readonly step: number;
    readonly what: string;
    readonly differences: readonly string[];
  }[];
}

interface ReplayOptions {
  /** Only scenarios whose id this matches. */
  readonly only?: RegExp;
}

/** Replays recordings of a real director, each scenario in a world of its own, on virtual time. */
export async function replay(
  recordings: string,
  options: ReplayOptions = {},
): Promise<{ readonly service: Service["name"]; readonly scenarios: readonly ScenarioResult[] }> {
  const scenarios: ScenarioResult[] = [];
  for (const scenario of readScenarios<Scenario>(recordings))
    if (options.only?.test(scenario.id) ?? true) scenarios.push(await replayScenario(recordings, scenario));
  return { service: "bosh", scenarios };
}

async function replayScenario(recordings: string, scenario: Scenario): Promise<ScenarioResult> {
  const client = new Client(recordings, scenario.director_mode);
  const bindings: Bindings = new Map();
  const failures: { step: number; what: string; differences: readonly string[] }[] = [];
  const note = (step: number, what: string, found: readonly string[]): void => {
    if (found.length > 0) failures.push({ step, what, differences: found });
  };
  for (const verb of scenario.setup) await client.run(verb);
  for (const [at, step] of scenario.steps.entries()) {
    try {
      note(at, nameOf(step), await replayStep(client, step, bindings));
    } catch (error) {
      note(at, nameOf(step), [error instanceof Error ? (error.stack ?? error.message) : String(error)]);
    }
  }
  const [first] = failures;
  return {
    id: scenario.id,
    area: scenario.area,
    steps: scenario.steps.length,
    matched: scenario.steps.length - failures.length,
    cli: scenario.steps.filter((step) => "cli" in step).length,
    ...(first && { firstDifference: `step ${first.step} [${first.what}] ${first.differences[0] ?? ""}` }),
    failures,
  };
}

function nameOf(step: RecordedStep): string {
  if ("request" in step)
    return `${step.request.auth ?? step.request.jwt_note ?? ""} ${step.request.method} ${step.request.path}`.trim();
  if ("task" in step) return `task ${step.task.id}`;
  return "cli" in step ? `bosh ${step.cli.argv.join(" ")}` : step.note;
}

async function replayStep(client: Client, step: RecordedStep, bindings: Bindings): Promise<readonly string[]> {
  if ("request" in step) return replayRequest(client, step, bindings);
  if ("task" in step) return replayTask(client, step, bindings);
  if ("cli" in step) return replayCli(client, step, (path) => fill(path, bindings));
  return causeNote(client, step.note);
}

const HEADERS = [
  "content-type",
  "location",
  "content-range",
  "content-encoding",
  "vary",
  "www-authenticate",
  "accept-ranges",
];

const rulesOf = (mask: readonly string[] | undefined, ...unordered: string[]): CompareRules => ({
  mask: new Set(mask),
  unordered: new Set(unordered),
});

/** Lists whose order is the database's. */
function unorderedOf(path: string): readonly string[] {
  if (/\/(vms|instances)$/.test(path)) return ["$"];
  if (/^\/(links|link_consumers|link_providers)\?/.test(path)) return ["$"];
  return path.startsWith("/releases/") ? ["$.packages"] : [];
}

async function replayRequest(
  client: Client,
  { request, reply, mask }: RequestStep,
  bindings: Bindings,
): Promise<string[]> {
  const sent = {
    ...request,
    path: fill(request.path, bindings),
    ...(request.body === undefined ? {} : { body: fill(request.body, bindings) }),
    ...(request.json === undefined
      ? {}
      : { json: JSON.parse(fill(JSON.stringify(request.json), bindings)) as unknown }),
  };
  const answer = await client.send(sent);
  const found: string[] = [];
  if (answer.status !== reply.status)
    return [`status ${reply.status} expected, got ${answer.status} ${answer.text.slice(0, 300)}`];
  const rules = rulesOf(mask, "$.members", ...unorderedOf(request.path));
  for (const name of HEADERS) {
    const expected = reply.headers[name];
    // The challenge was recorded on refusals only.
    if (name === "www-authenticate" && reply.status !== 401) continue;
    if (expected === undefined && name !== "content-encoding" && name !== "location" && name !== "content-range")
      continue;
    if (mask?.includes(`$headers.${name}`)) continue;
    found.push(...differences(expected ?? null, answer.headers[name] ?? null, rules, bindings, `header ${name}`));
  }
  return [...found, ...differences(reply.body, bodyOf(reply.body, answer, request.method), rules, bindings)];
}

function bodyOf(expected: unknown, answer: DirectorAnswer, method: string): unknown {
  if (answer.text === "" || method === "HEAD") return null;
  if (typeof expected === "object" && expected !== null && "binary" in expected)
    return isGzip(answer.bytes) ? { binary: "gzip", bytes: "varies", members: membersOf(answer.bytes) } : answer.text;
  if (typeof expected === "object" && expected !== null && "ndjson" in expected)
    return { ndjson: linesOf(answer.text) };
  if (typeof expected === "string")
    return answer.text.trimEnd() === expected.trimEnd() || expected.endsWith("\n")
      ? answerText(answer, expected)
      : answer.text.replace(/\n$/, "");
  try {
    return JSON.parse(answer.text);
  } catch {
    return answer.text;
  }
}

/** A recording may have dropped the final newline of a text. */
const answerText = ({ text }: DirectorAnswer, expected: string): string =>
  text.trimEnd() === expected.trimEnd() ? expected : text;

const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/** Names of the members of a gzipped tar. */
function membersOf(bytes: Uint8Array): readonly string[] {
  const tar = gunzipSync(bytes);
  const names: string[] = [];
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0; ) {
    const head = tar.subarray(at, at + 512);
    names.push(head.subarray(0, 100).toString("utf8").replace(/\0.*$/s, ""));
    const size = Number.parseInt(head.subarray(124, 135).toString("utf8"), 8);
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return names;
}

const linesOf = (text: string): readonly Record<string, unknown>[] =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line): Record<string, unknown> => JSON.parse(line));

async function replayTask(client: Client, { task, mask }: TaskStep, bindings: Bindings): Promise<string[]> {
  const final = await client.follow(`/tasks/${task.id}`);
  const events = linesOf((await client.get(`/tasks/${task.id}/output?type=event`)).text);
  const result = linesOf((await client.get(`/tasks/${task.id}/output?type=result`)).text);
  const rules = rulesOf(mask, "$.result", "$.result[*].processes");
  // It makes no difference who follows; in the recording it was the administrator.
  const eventRules = { ...rules, mask: new Set([...rules.mask].filter((path) => path.startsWith("$.event_lines"))) };
  return [
    ...eventDifferences(task.event_lines, events, eventRules, bindings),
    ...differences(
      task.final,
      final,
      { ...rules, mask: new Set([...rules.mask].map((path) => path.replace("$.final", "$"))) },
      bindings,
    ).map((each) => `final ${each}`),
    ...differences(task.result, result, rules, bindings, "$.result"),
  ];
}
