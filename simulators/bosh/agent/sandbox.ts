import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, normalize } from "node:path";
import type { ScriptOptions, ScriptResult } from "./script.ts";

/*
 * Runs scripts of jobs and packages as processes of this machine, in a temporary folder that is deleted
 * afterwards. They are foreign code, so this happens only if it is explicitly allowed.
 */

/** How long a script may run, ms of real time. Its sleeps do not count, because they are simulated. */
const RUN_MS_MAX = 20_000;
const OUTPUT_BYTES_MAX = 1024 * 1024;
const SLEEP_MS_MAX = 24 * 3_600_000;

/** The agents' PATH. */
const PATH = "/usr/sbin:/usr/bin:/sbin:/bin";

/** Stands in for `sleep`: notes how long it would have slept. */
const SLEEP = '#!/bin/sh\nprintf "%s\\n" "$1" >> "${0%/*}/slept"\n';

/** Go's text for a program that can't be started, by the system's error code. */
const START_ERRORS: Readonly<Record<string, string>> = {
  ENOEXEC: "exec format error",
  ENOENT: "no such file or directory",
  EACCES: "permission denied",
};

/** Runs a script to its end. */
export function runForReal(
  text: string,
  { isTraced = false, args = [], env = {}, files = {} }: ScriptOptions,
): ScriptResult {
  const folder = mkdtempSync(join(tmpdir(), "drydock-script-"));
  try {
    const file = join(folder, "script");
    for (const [path, content] of [
      [file, text],
      [join(folder, "sleep"), SLEEP],
    ] as const) {
      writeFileSync(path, content);
      chmodSync(path, 0o755);
    }
    for (const [name, content] of Object.entries(files)) placeFile(join(folder, "work"), name, content);
    for (const each of ["work", "install"]) mkdirSync(join(folder, each), { recursive: true });
    return runFile(folder, file, isTraced, args, env);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Writes a file below a folder; skips a path that would leave it. */
function placeFile(folder: string, name: string, content: string): void {
  const path = normalize(name);
  if (path.startsWith("..") || path.startsWith("/")) return;
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), Buffer.from(content, "base64"));
}

function runFile(
  folder: string,
  file: string,
  isTraced: boolean,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): ScriptResult {
  const startError = isTraced ? undefined : startFault(file);
  const none = { stdout: "", stderr: "", sleptMs: 0, trace: "", isRun: true };
  if (startError !== undefined)
    return { ...none, exitCode: 1, startError: `Starting command '${file}': fork/exec ${file}: ${startError}` };
  const [command, given] = isTraced ? ["/bin/bash", ["-x", file]] : [file, [...args]];
  const ran = spawnSync(command, given, {
    cwd: join(folder, "work"),
    env: {
      PATH: `${folder}:${PATH}`,
      BOSH_COMPILE_TARGET: join(folder, "work"),
      BOSH_INSTALL_TARGET: join(folder, "install"),
      ...env,
    },
    input: "",
    timeout: RUN_MS_MAX,
    killSignal: "SIGKILL",
    maxBuffer: OUTPUT_BYTES_MAX,
  });
  const code = ran.error !== undefined && "code" in ran.error ? String(ran.error.code) : undefined;
  if (code !== undefined && START_ERRORS[code] !== undefined)
    return { ...none, exitCode: 1, startError: `Starting command '${file}': fork/exec ${file}: ${START_ERRORS[code]}` };
  const [stdout, stderr] = [ran.stdout.toString("utf8"), ran.stderr.toString("utf8")];
  // Killed by a signal: the exit code that a shell would report.
  const exitCode = ran.status ?? KILLED;
  return { exitCode, stdout, stderr, sleptMs: sleptIn(folder), trace: stderr, isRun: true };
}

const KILLED = 137;

/**
 * The error code with which the system refuses to start a file: without a first line that names an
 * interpreter, it is not a program.
 */
function startFault(file: string): string | undefined {
  const text = readFileSync(file, "utf8");
  return text.startsWith("#!") ? undefined : START_ERRORS.ENOEXEC;
}

function sleptIn(folder: string): number {
  try {
    const slept = readFileSync(join(folder, "slept"), "utf8").split("\n");
    const seconds = slept.reduce((sum, each) => sum + (Number.parseFloat(each) || 0), 0);
    return Math.min(SLEEP_MS_MAX, seconds * 1000);
  } catch {
    // It did not sleep.
    return 0;
  }
}
