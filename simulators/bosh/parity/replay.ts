import { readScenarios } from "../../parity/recording.ts";
import type { ScenarioScore } from "../../parity/ratchet.ts";
import { gunzipSync } from "node:zlib";
import type { Service } from "../../kernel/index.ts";
import { replayCli } from "./cli.ts";
import { type DirectorAnswer, Client } from "./client.ts";
import { type Bindings, differences, eventDifferences, fill, type CompareRules } from "./compare.ts";
import { causeNote } from "./notes.ts";
import { type RequestStep, type Scenario, type RecordedStep, type TaskStep } from "./recording.ts";
import { nameVms } from "./vm-names.ts";
import { TaskIds, taskIdIn } from "./task-ids.ts";

/** The result of a scenario: how many of its steps match, and the differences. */
export interface ScenarioResult extends ScenarioScore {
  /** How many of them are steps of the CLI, which are judged by their requests and not by the CLI's output. */
  readonly cli: number;
  /** In how many steps the simulator refuses or accepts like the real director, whatever the words. */
  readonly verdicts: number;
  readonly failures: readonly {
    readonly step: number;
    readonly what: string;
    readonly isVerdict: boolean;
    readonly differences: readonly string[];
  }[];
}

/** How one step differs; `isVerdict` if one director refuses what the other accepts. */
interface StepResult {
  readonly isVerdict: boolean;
  readonly differences: readonly string[];
}

/** The state that a replay carries from step to step. */
interface Replay {
  readonly client: Client;
  readonly bindings: Bindings;
  readonly tasks: TaskIds;
}

interface ReplayOptions {
  /** Only scenarios with an id that matches this. */
  readonly only?: RegExp;
}

/** Replays recordings of a real director, each scenario in its own world, in virtual time. */
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
  const run: Replay = { client, bindings: new Map(), tasks: new TaskIds() };
  const failures: ScenarioResult["failures"][number][] = [];
  for (const verb of scenario.setup) {
    const task = await client.run(verb);
    if (task !== undefined) run.tasks.bindSetup(task);
  }
  for (const [step, recorded] of scenario.steps.entries()) {
    const result = await attemptStep(run, recorded);
    if (result.differences.length > 0) failures.push({ step, what: nameOf(recorded), ...result });
  }
  const [first] = failures;
  return {
    id: scenario.id,
    area: scenario.area,
    steps: scenario.steps.length,
    matched: scenario.steps.length - failures.length,
    verdicts: scenario.steps.length - failures.filter(({ isVerdict }) => isVerdict).length,
    cli: scenario.steps.filter((step) => "cli" in step).length,
    ...(first && { firstDifference: `step ${first.step} [${first.what}] ${first.differences[0] ?? ""}` }),
    failures,
  };
}

/** An error of the replay itself counts as a wrong verdict. */
async function attemptStep(run: Replay, step: RecordedStep): Promise<StepResult> {
  try {
    return await replayStep(run, step);
  } catch (error) {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { isVerdict: true, differences: [message] };
  }
}

function nameOf(step: RecordedStep): string {
  if ("request" in step)
    return `${step.request.auth ?? step.request.jwt_note ?? ""} ${step.request.method} ${step.request.path}`.trim();
  if ("task" in step) return `task ${step.task.id}`;
  return "cli" in step ? `bosh ${step.cli.argv.join(" ")}` : step.note;
}

async function replayStep(run: Replay, step: RecordedStep): Promise<StepResult> {
  if ("request" in step) return replayRequest(run, step);
  if ("task" in step) return replayTask(run, step);
  const found =
    "cli" in step
      ? await replayCli(run.client, step, (path) => fill(run.tasks.toOwn(path), run.bindings), run.tasks)
      : causeNote(run.client, step.note);
  return { isVerdict: found.length > 0, differences: found };
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

/** Lists in the order of the database. */
function unorderedOf(path: string): readonly string[] {
  if (/\/(vms|instances)$/.test(path)) return ["$"];
  if (/^\/(links|link_consumers|link_providers)\?/.test(path)) return ["$"];
  return path.startsWith("/releases/") ? ["$.packages"] : [];
}

async function replayRequest(run: Replay, { request, reply, mask, after_s }: RequestStep): Promise<StepResult> {
  const { client, bindings, tasks } = run;
  nameVms(client, bindings, request.path);
  const sent = {
    ...request,
    path: fill(tasks.toOwn(request.path), bindings),
    ...(request.body === undefined ? {} : { body: fill(request.body, bindings) }),
    ...(request.json === undefined
      ? {}
      : { json: JSON.parse(fill(JSON.stringify(request.json), bindings)) as unknown }),
  };
  if (after_s !== undefined) client.kernel.advanceBy(after_s * 1000);
  const answer = await client.send(sent);
  const [recordedTask, ownTask] = [taskIdIn(reply.headers.location), taskIdIn(answer.headers.location)];
  if (recordedTask !== undefined && ownTask !== undefined) tasks.bind(recordedTask, ownTask);
  if (answer.status !== reply.status)
    return {
      isVerdict: true,
      differences: [`status ${reply.status} expected, got ${answer.status} ${answer.text.slice(0, 300)}`],
    };
  const rules = rulesOf(mask, "$.members", ...unorderedOf(request.path));
  const body = tasks.toRecorded(request.path, bodyOf(reply.body, answer, request.method));
  return {
    isVerdict: false,
    differences: [
      ...headerDifferences(run, { request, reply, ...(mask && { mask }) }, answer, rules),
      ...differences(reply.body, body, rules, bindings),
    ],
  };
}

function headerDifferences(
  { bindings, tasks }: Replay,
  { reply, mask }: RequestStep,
  answer: DirectorAnswer,
  rules: CompareRules,
): string[] {
  return HEADERS.flatMap((name) => {
    const expected = reply.headers[name];
    // The challenge was recorded on refusals only.
    if (name === "www-authenticate" && reply.status !== 401) return [];
    if (expected === undefined && name !== "content-encoding" && name !== "location" && name !== "content-range")
      return [];
    if (mask?.includes(`$headers.${name}`)) return [];
    const given = answer.headers[name];
    const actual = given === undefined ? null : name === "location" ? tasks.textToRecorded(given) : given;
    return differences(expected ?? null, actual, rules, bindings, `header ${name}`);
  });
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

async function replayTask({ client, bindings, tasks }: Replay, { task, mask }: TaskStep): Promise<StepResult> {
  const id = tasks.ownOf(task.id);
  if (id === undefined) return { isVerdict: true, differences: [`task ${task.id} was never started`] };
  const final = await client.follow(`/tasks/${id}`);
  const lines = async (type: string): Promise<readonly Record<string, unknown>[]> =>
    linesOf(tasks.textToRecorded((await client.get(`/tasks/${id}/output?type=${type}`)).text));
  const [events, result] = [await lines("event"), await lines("result")];
  const rules = rulesOf(mask, "$.result", "$.result[*].processes");
  // Any user may follow the task; in the recording it was the administrator.
  const eventRules = { ...rules, mask: new Set([...rules.mask].filter((path) => path.startsWith("$.event_lines"))) };
  const finalRules = { ...rules, mask: new Set([...rules.mask].map((path) => path.replace("$.final", "$"))) };
  return {
    isVerdict: final.state !== task.final.state,
    differences: [
      ...eventDifferences(task.event_lines, events, eventRules, bindings),
      ...differences(task.final, tasks.toRecorded("/tasks", final), finalRules, bindings).map(
        (each) => `final ${each}`,
      ),
      ...differences(task.result, result, rules, bindings, "$.result"),
    ],
  };
}
