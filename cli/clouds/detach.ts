import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { findCloudsUp, newLogFile } from "../cloud-state.ts";
import { EXIT, UserError } from "../errors.ts";
import { catchSignals } from "../signals.ts";
import { checkFreeName } from "./choose.ts";

/** The longest that a cloud may take to come up: busy machines with many services need minutes. */
const UP_MS_MAX = 600_000;
const LOOK_MS = 100;

/** In a checkout the sources run; a published package has been built, and its launcher lies beside `dist`. */
const LAUNCHER = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "../drydock.cjs" : "../../../cli/drydock.cjs", import.meta.url),
);

function startAlone(args: readonly string[], logFile: string): ChildProcess {
  const output = openSync(logFile, "wx", 0o600);
  const child = spawn(process.execPath, [LAUNCHER, ...args, "--log-file", logFile], {
    detached: true,
    stdio: ["ignore", output, output],
    env: { ...process.env, NO_COLOR: "1" },
  });
  closeSync(output);
  return child;
}

/** Waits until a cloud is up, its process has ended, or the user interrupts. */
async function awaitUp(child: ChildProcess): Promise<"up" | "ended" | "interrupted"> {
  const interrupted = catchSignals(() => void child.kill("SIGTERM"));
  for (let waited = 0; waited < UP_MS_MAX; waited += LOOK_MS) {
    if (interrupted.isOver()) return "interrupted";
    if (child.exitCode !== null || child.signalCode !== null) return "ended";
    if ((await findCloudsUp()).some(({ pid }) => pid === child.pid)) return "up";
    await sleep(LOOK_MS);
  }
  child.kill("SIGTERM");
  return "ended";
}

/**
 * `drydock up --detach`: starts the same command without `--detach` as a process of its own, returns when the cloud is up, and prints what that
 * process printed. Returns the exit code.
 *
 * @throws UserError CLI_CLOUD_NAME, CLI_DID_NOT_START
 */
export async function detach(argv: readonly string[], { name }: { readonly name?: string }): Promise<number> {
  await checkFreeName(name);
  const logFile = newLogFile();
  const child = startAlone(
    argv.filter((each) => each !== "--detach"),
    logFile,
  );
  const outcome = await awaitUp(child);
  const output = readFileSync(logFile, "utf8");
  if (outcome !== "up") rmSync(logFile, { force: true });
  if (outcome === "interrupted") return EXIT.interrupted;
  if (outcome === "ended") {
    const last = output.trim().split("\n").at(-1) ?? "";
    throw new UserError("CLI_DID_NOT_START", `the cloud did not come up: ${last}`);
  }
  child.unref();
  process.stdout.write(output);
  return EXIT.ok;
}
