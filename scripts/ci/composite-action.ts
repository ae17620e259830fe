import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";
import { parse } from "yaml";

const Texts = Type.Record(Type.String(), Type.String());
const Action = Type.Object({
  inputs: Type.Record(
    Type.String(),
    Type.Object({ required: Type.Optional(Type.Boolean()), default: Type.Optional(Type.String()) }),
  ),
  outputs: Type.Record(Type.String(), Type.Object({ value: Type.String() })),
  runs: Type.Object({
    using: Type.Literal("composite"),
    steps: Type.Array(
      Type.Object({
        id: Type.Optional(Type.String()),
        name: Type.String(),
        if: Type.Optional(Type.String()),
        shell: Type.Optional(Type.Literal("bash")),
        env: Type.Optional(Texts),
        run: Type.Optional(Type.String()),
        uses: Type.Optional(Type.String()),
        with: Type.Optional(Texts),
      }),
    ),
  }),
});
type Step = Static<typeof Action>["runs"]["steps"][number];

const actions = Compile(Action);

/** The result of a composite action. */
interface PlayedAction {
  /** Whether every step succeeded. */
  readonly succeeded: boolean;
  readonly outputs: Readonly<Record<string, string>>;
  /** The output of the steps. */
  readonly log: string;
  /** The Markdown of the step summary. */
  readonly summary: string;
  /** The other actions that were used, with their inputs. */
  readonly used: readonly { readonly uses: string; readonly with: Readonly<Record<string, string>> }[];
}

/** The names that expressions may use. */
type Scope = Readonly<Record<string, string>>;

/** Replaces `${{ name }}`; an unknown name is an error here, although not at GitHub. */
function expand(text: string, scope: Scope): string {
  return text.replaceAll(/\$\{\{\s*([\w.-]+)\s*\}\}/g, (_, name: string) => {
    const value = scope[name];
    if (value === undefined) throw new Error(`nothing is called ${name}`);
    return value;
  });
}

/** Conditions of the forms that our action uses: `always()`, and comparisons of a name with a text. */
function holds(condition: string | undefined, scope: Scope, failed: boolean): boolean {
  const parts = (condition ?? "success()").split("&&").map((part) => part.trim());
  const isAlways = parts.includes("always()");
  const comparisons = parts.filter((part) => !/^(always|success)\(\)$/.test(part));
  const allHold = comparisons.every((part) => {
    const [, name = "", operator, value] = /^([\w.-]+) (==|!=) '([^']*)'$/.exec(part) ?? [];
    if (operator === undefined) throw new Error(`not played: ${part}`);
    return (scope[name] === value) === (operator === "==");
  });
  return allHold && (isAlways || !failed);
}

function outputsIn(file: string, id: string): Scope {
  const lines = readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "");
  return Object.fromEntries(
    lines.map((line) => [`steps.${id}.outputs.${line.split("=")[0]}`, line.slice(line.indexOf("=") + 1)]),
  );
}

function runStep(step: Step, scope: Scope, cwd: string, env: NodeJS.ProcessEnv) {
  const own = Object.fromEntries(Object.entries(step.env ?? {}).map(([name, value]) => [name, expand(value, scope)]));
  // The command with which the runner starts it.
  const flags = ["--noprofile", "--norc", "-eo", "pipefail", "-c", step.run ?? ""];
  return spawnSync("bash", flags, { cwd, env: { ...env, ...own }, encoding: "utf8" });
}

/** Plays a composite action as the runner does: its scripts run in bash, the actions that it uses are noted. */
export function playAction(path: string, given: Scope, cwd: string, env: NodeJS.ProcessEnv): PlayedAction {
  const action: unknown = parse(readFileSync(path, "utf8"));
  if (!actions.Check(action))
    throw new Error(`${path} is not a composite action: ${JSON.stringify(actions.Errors(action)[0])}`);
  const folder = mkdtempSync(join(tmpdir(), "drydock-runner-"));
  const [output, summary] = [join(folder, "output"), join(folder, "summary")];
  for (const file of [output, summary]) writeFileSync(file, "");
  const runner = { ...env, CI: "true", GITHUB_ACTIONS: "true", GITHUB_OUTPUT: output, GITHUB_STEP_SUMMARY: summary };
  const inputs = Object.entries(action.inputs).map(([name, { required, default: initial }]) => {
    const value = given[name] ?? initial;
    if (value === undefined || (required === true && given[name] === undefined))
      throw new Error(`the input ${name} is missing`);
    return [`inputs.${name}`, value] as const;
  });
  let scope: Scope = Object.fromEntries(inputs);
  let failed = false;
  const used: { uses: string; with: Scope }[] = [];
  const log: string[] = [];
  try {
    for (const step of action.runs.steps) {
      if (!holds(step.if, scope, failed)) continue;
      if (step.uses !== undefined) {
        const entries = Object.entries(step.with ?? {}).map(([name, value]) => [name, expand(value, scope)] as const);
        used.push({ uses: step.uses, with: Object.fromEntries(entries) });
        continue;
      }
      const { status, stdout, stderr } = runStep(step, scope, cwd, runner);
      log.push(stdout, stderr);
      failed ||= status !== 0;
      if (step.id !== undefined) scope = { ...scope, ...outputsIn(output, step.id) };
    }
    const outputs = Object.entries(action.outputs).map(([name, { value }]) => [name, expand(value, scope)] as const);
    return {
      succeeded: !failed,
      outputs: Object.fromEntries(outputs),
      log: log.join(""),
      summary: readFileSync(summary, "utf8"),
      used,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
