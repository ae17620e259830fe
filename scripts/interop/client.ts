import { execFile, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Furniture } from "./furnish.ts";

/*
 * What all clients have in common: each is installed by name from its registry, into a folder of its own, and runs its own tests.
 */

/** Where the clients are installed, and where their logs go: in no commit and no package. */
const FOLDER = resolve(fileURLToPath(new URL("../../.drydock/interop", import.meta.url)));
const INSTALL_MS_MAX = 1_800_000;
const OUTPUT_BYTES_MAX = 64 << 20;

/** The result of a test. */
export interface TestResult {
  readonly outcome: "pass" | "fail" | "skip";
  /** The last words of a test that failed. */
  readonly said: string;
}

/** By the name of the test. */
export type TestResults = ReadonlyMap<string, TestResult>;

/** The cloud that a client's tests run on. */
export interface TestedCloud extends Furniture {
  readonly authUrl: string;
  /** Where the zones of Designate are served. */
  readonly nameServer: string;
}

/** A client whose own tests are run, unmodified, on our cloud. */
export interface Client {
  readonly name: string;
  /** Name and release, as its registry has them. */
  readonly packages: readonly string[];
  /** Groups of tests that are run every night. */
  readonly groups: readonly string[];
  /** Those of them that take a minute or two together. */
  readonly sample: readonly string[];
  /** A file that exists once it has been installed. */
  readonly program: string;
  readonly install: () => Promise<void>;
  /** Runs a group to its end, however its tests end. */
  readonly run: (group: string, cloud: TestedCloud) => Promise<TestResults>;
}

/** A path within the folder of a client. */
export const within = (...parts: readonly string[]): string => join(FOLDER, ...parts);

/** Runs a step of an installation. */
export async function step(
  program: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = {},
): Promise<string> {
  const options = { cwd, timeout: INSTALL_MS_MAX, maxBuffer: OUTPUT_BYTES_MAX, env: { ...process.env, ...env } };
  const { stdout } = await promisify(execFile)(program, args, options);
  return stdout;
}

/** Runs tests to their end, with what they print in a file. What they end with does not matter: the results say more. */
export async function runTests(
  program: string,
  args: readonly string[],
  {
    cwd,
    env,
    log,
    timeoutMs,
  }: { readonly cwd: string; readonly env: NodeJS.ProcessEnv; readonly log: string; readonly timeoutMs: number },
): Promise<void> {
  const output = createWriteStream(log);
  const child = spawn(program, args, { cwd, env: { ...process.env, no_proxy: "*", ...env }, timeout: timeoutMs });
  child.stdout.pipe(output, { end: false });
  child.stderr.pipe(output, { end: false });
  await new Promise<void>((done, fail) => {
    child.once("error", fail);
    child.once("close", () => output.end(done));
  });
}

/** Whether a client has been installed on this machine. */
export const isInstalled = ({ program }: Client): Promise<boolean> =>
  stat(program).then(
    () => true,
    () => false,
  );
