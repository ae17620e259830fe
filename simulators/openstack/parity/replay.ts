import { readScenarios } from "../../parity/recording.ts";
import type { ScenarioScore } from "../../parity/ratchet.ts";
import { type PreparedScenario, ScenarioSetup } from "./actors.ts";
import { type CloudClient, LocalClient, type SentRequest } from "./client.ts";
import { type ReceivedReply, compareReply, expand, expandString, valueAt } from "./compare.ts";
import { SocketClient } from "./socket-client.ts";
import {
  type RecordedRequest,
  type RecordedExchange,
  type RecordedPoll,
  type RecordedScenario,
  type RecordedStep,
} from "./recording.ts";

interface StepFailure {
  readonly step: number;
  /** `A GET compute /servers`. */
  readonly what: string;
  readonly differences: readonly string[];
}

/** How far a scenario matches, and where it does not. */
export interface ScenarioResult extends ScenarioScore {
  readonly failures: readonly StepFailure[];
  /** The requests of its steps. */
  readonly requests: readonly SentRequest[];
}

/** Which scenarios to replay. Default all. */
interface ReplayOptions {
  /** Only scenarios whose id this matches. */
  readonly only?: Pick<RegExp, "test">;
  /** Only scenarios of this service. */
  readonly service?: string;
  /** Leaves out the scenarios at these indexes. Default: none. */
  readonly skip?: (index: number) => boolean;
  /** Whether the services are called in process or over TCP. Default `process`. */
  readonly face?: "process" | "sockets";
}

const POLL_MS = 400;
const POLL_S_MAX = 30;

/** Replays recordings of the real services, each scenario in a world of its own, on virtual time. */
export async function replay(
  files: readonly string[],
  { only, service, skip = () => false, face = "process" }: ReplayOptions = {},
): Promise<readonly ScenarioResult[]> {
  const scenarios = files
    .flatMap((file) => readScenarios<RecordedScenario>(file))
    .filter((each) => (only?.test(each.id) ?? true) && (service ?? each.service) === each.service)
    .filter((_, index) => !skip(index));
  const results: ScenarioResult[] = [];
  for (const scenario of scenarios) {
    const day = dayOf(scenario);
    if (face === "process") results.push(await replayScenario(scenario, new LocalClient({}, "parity", day)));
    else {
      await using client = await SocketClient.listen({}, "parity", day);
      results.push(await replayScenario(scenario, client));
    }
  }
  return results;
}

/** The day that the replies of a scenario name, if they name one. */
function dayOf(scenario: RecordedScenario): number | undefined {
  const day = / (\d{2} [A-Z][a-z]{2} \d{4}) \* GMT/.exec(JSON.stringify(scenario))?.[1];
  return day === undefined ? undefined : Date.parse(`${day} 09:00:00 GMT`);
}

async function replayScenario(scenario: RecordedScenario, client: CloudClient): Promise<ScenarioResult> {
  const setting = await (await ScenarioSetup.prepare(client)).actorsFor(scenario);
  const failures: StepFailure[] = [];
  const prepared = client.sent.length;
  for (const [step, one] of scenario.steps.entries()) {
    const differences = await differencesOf(client, setting, one).catch((error: unknown) => [
      error instanceof Error ? (error.stack ?? error.message) : String(error),
    ]);
    if (differences.length > 0) failures.push({ step, what: nameOf(one), differences });
  }
  const [first] = failures;
  return {
    id: scenario.id,
    area: scenario.service,
    steps: scenario.steps.length,
    matched: scenario.steps.length - failures.length,
    ...(first && { firstDifference: `step ${first.step} [${first.what}] ${first.differences[0] ?? ""}` }),
    failures,
    requests: client.sent.slice(prepared),
  };
}

function nameOf(step: RecordedStep): string {
  if ("poll" in step) return `poll ${step.poll.path}`;
  return "sleep_ms" in step ? "sleep" : `${step.as} ${step.method} ${step.service} ${step.path}`;
}

async function differencesOf(
  client: CloudClient,
  setting: PreparedScenario,
  step: RecordedStep,
): Promise<readonly string[]> {
  if ("poll" in step) return replayPoll(client, setting, step);
  if ("sleep_ms" in step) {
    client.kernel.advanceBy(step.sleep_ms);
    return [];
  }
  return compareReply(step, await exchange(client, setting, step), setting.variables);
}

async function exchange(
  client: CloudClient,
  setting: PreparedScenario,
  call: RecordedRequest & Pick<RecordedExchange, "method">,
): Promise<ReceivedReply> {
  const body = bodyOf(call, setting);
  const headers = headersOf(call, setting, body !== undefined);
  const answer = await client.send(call.method, urlOf(call, setting), headers, body);
  for (const [name, path] of Object.entries(call.save ?? {})) {
    const value = savedValue(answer, expandString(path, setting.variables));
    if (value !== undefined) setting.variables.set(name, value);
  }
  return answer;
}

function bodyOf({ body, raw, fill }: RecordedRequest, { variables }: PreparedScenario): Buffer | undefined {
  if (raw !== undefined) return Buffer.from(expandString(raw, variables));
  if (fill !== undefined) return Buffer.alloc(fill[1], fill[0]);
  return body === undefined ? undefined : Buffer.from(JSON.stringify(expand(body, variables)));
}

function urlOf(call: RecordedRequest, { actors, variables }: PreparedScenario): string {
  const whose = call.at ?? (actors[call.as] === undefined ? "A" : call.as);
  const endpoint = actors[whose]?.endpoints[call.service];
  if (endpoint === undefined) throw new Error(`no endpoint for ${call.service}`);
  return (
    (call.root === true ? endpoint.root : endpoint.base) + expandString(call.path, variables).replaceAll(" ", "%20")
  );
}

function headersOf(
  call: RecordedRequest,
  { actors, variables }: PreparedScenario,
  hasBody: boolean,
): Record<string, string> {
  const headers = new Map<string, string>([["accept", "application/json"]]);
  if (call.as === "badtoken") headers.set("x-auth-token", "gAAAAABnotavalidtoken");
  else if (call.as !== "none") headers.set("x-auth-token", actors[call.as]?.token ?? expandString(call.as, variables));
  if (hasBody) headers.set("content-type", "application/json");
  for (const [name, value] of Object.entries(call.headers ?? {})) {
    if (value === null) headers.delete(name.toLowerCase());
    else headers.set(name.toLowerCase(), String(expand(value, variables)));
  }
  return Object.fromEntries(headers);
}

/** `$.path` into the body, `@Header`, or `@Header#last` for the last segment of its path. */
function savedValue(answer: ReceivedReply, path: string): unknown {
  const header = /^@([^#]+)(#last)?$/.exec(path);
  if (header === null) return valueAt(answer.body, path);
  const value = answer.headers[(header[1] ?? "").toLowerCase()];
  return header[2] === undefined ? value : value?.split("?")[0]?.replace(/\/+$/, "").split("/").pop();
}

async function replayPoll(
  client: CloudClient,
  setting: PreparedScenario,
  step: RecordedPoll,
): Promise<readonly string[]> {
  const { until, max_s = POLL_S_MAX, every_ms = POLL_MS } = step.poll;
  const seen: unknown[] = [];
  const endMs = client.kernel.nowMs + max_s * 1000;
  for (;;) {
    const answer = await exchange(client, setting, { ...step.poll, method: "GET" });
    const value = until.path === undefined ? undefined : valueAt(answer.body, until.path);
    const state = value === undefined ? answer.status : value;
    if (seen.at(-1) !== state) seen.push(state);
    if (isReached(until, state, answer.status)) return pollDifferences(step, seen);
    if (client.kernel.nowMs > endMs) {
      return [`states ${JSON.stringify(seen)}; wanted one of ${JSON.stringify(until.in ?? until.status ?? until.not)}`];
    }
    client.kernel.advanceBy(every_ms);
  }
}

function isReached(until: RecordedPoll["poll"]["until"], state: unknown, status: number): boolean {
  if (until.status !== undefined) return until.status.includes(status);
  return until.not === undefined ? (until.in?.includes(state) ?? false) : !until.not.includes(state);
}

function pollDifferences(
  { states_seen: expected, allowed = [], final }: RecordedPoll,
  seen: readonly unknown[],
): string[] {
  const differences: string[] = [];
  if (!expected.includes("*") && seen.some((state) => !expected.includes(state) && !allowed.includes(state)))
    differences.push(`states ${JSON.stringify(seen)} contain one not in ${JSON.stringify(expected)}`);
  if (!(final ?? expected).includes(seen.at(-1)))
    differences.push(`final state ${JSON.stringify(seen.at(-1))}, expected ${JSON.stringify(final ?? expected)}`);
  return differences;
}
