import type { DirectorOptions } from "../state/director.ts";
import { runForReal } from "./sandbox.ts";

/** How a script ended. */
export interface ScriptResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** How long it slept, ms. */
  readonly sleptMs: number;
  /** The trace of `bash -x`, interleaved with standard error. */
  readonly trace: string;
  /** Whether it was executed to its end; otherwise it is assumed to succeed without output. */
  readonly isRun: boolean;
  /** Why it could not be started, in the agent's words. */
  readonly startError?: string;
}

/** How to run a script. */
export interface ScriptOptions {
  /** Whether its commands are traced, as those of packaging are. Default: false. */
  readonly isTraced?: boolean;
  /** Default: none. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Files beside it, base64 by path. Default: none. */
  readonly files?: Readonly<Record<string, string>>;
}

const SLEEP_MS_MAX = 24 * 3_600_000;

/** The result of a script that is not executed. */
const NOT_RUN: ScriptResult = { exitCode: 0, stdout: "", stderr: "", sleptMs: 0, trace: "", isRun: false };

/**
 * Runs a script of an agent. A plain one (`echo`, `sleep`, `exit`, comments) is interpreted here; any other
 * is run for real if the director is allowed to, and otherwise assumed to succeed.
 */
export function runScript(
  { runScripts = false }: Pick<DirectorOptions, "runScripts">,
  text: string,
  options: ScriptOptions = {},
): ScriptResult {
  const followed = followScript(text);
  if (followed !== undefined && (followed.exitCode === 0 || options.isTraced !== true)) return followed;
  // The files of a VM are not on this machine: such a script would fail here for unrelated reasons.
  if (!runScripts || /\/var\/vcap\b/.test(text)) return followed ?? NOT_RUN;
  return runForReal(text, options);
}

/** A word that the shell does not expand: plain, or in quotes. */
const WORDS = /^(?:[\w./:,=+@%-]+|"[^"$`\\!]*"|'[^']*')(?:[ \t]+(?:[\w./:,=+@%-]+|"[^"$`\\!]*"|'[^']*'))*$/;

/** The text that `echo` prints for plain words. */
const unquote = (words: string): string =>
  [...words.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)]
    .map(([, double, single, plain]) => double ?? single ?? plain ?? "")
    .join(" ");

interface Followed {
  stdout: string;
  stderr: string;
  trace: string;
  sleptMs: number;
}

/** Undefined unless every line of the script is plain. */
function followScript(text: string): ScriptResult | undefined {
  if (!/^#!\s*\/(?:usr\/)?bin\/(?:env )?(?:ba)?sh\b/.test(text)) return undefined;
  const so: Followed = { stdout: "", stderr: "", trace: "", sleptMs: 0 };
  for (const line of text.split("\n").map((each) => each.trim())) {
    if (line === "" || line.startsWith("#") || /^set [-+][eux]+$/.test(line)) continue;
    const exit = /^exit(?:[ \t]+(\d+))?$/.exec(line);
    if (exit !== null) {
      so.trace += `+ ${line}\n`;
      return { ...so, exitCode: Number(exit[1] ?? 0) % 256, isRun: true };
    }
    if (!followLine(line, so)) return undefined;
  }
  return { ...so, exitCode: 0, isRun: true };
}

/** Whether the line is plain. */
function followLine(line: string, so: Followed): boolean {
  if (line === "true" || line === ":") {
    so.trace += `+ ${line}\n`;
    return true;
  }
  const sleep = /^sleep[ \t]+(\d+(?:\.\d+)?)$/.exec(line);
  if (sleep !== null) {
    so.trace += `+ ${line}\n`;
    so.sleptMs += Math.min(SLEEP_MS_MAX, Number(sleep[1]) * 1000);
    return true;
  }
  const [, words = "", isError] = /^echo\b[ \t]*(.*?)[ \t]*(>&2)?$/.exec(line) ?? [];
  if (!line.startsWith("echo") || (words !== "" && (!WORDS.test(words) || words.startsWith("-")))) return false;
  const said = `${unquote(words)}\n`;
  so.trace += `+ echo${words === "" ? "" : ` ${words}`}\n`;
  if (isError === undefined) so.stdout += said;
  else {
    so.stderr += said;
    so.trace += said;
  }
  return true;
}
