import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { ScenarioError } from "../errors.ts";
import type { Transport } from "../load/transport.ts";

const READY_MS_MAX = 120_000;
const LOOK_MS = 50;
/** How much of a broker's output is shown if it does not come up, in characters. */
const TAIL = 2000;

/** How an external broker is started and killed. */
export interface BrokerHook {
  /** Starts it, and waits until its catalog can be fetched. */
  start(): Promise<void>;
  /** Kills it as a power failure would; undefined if nobody can. */
  readonly kill: (() => Promise<void>) | undefined;
  /** Ends it for good. */
  close(): Promise<void>;
}

type Variables = Readonly<Record<string, string | undefined>>;

/** Waits for the catalog. @throws ScenarioError SCENARIO_WAITED_TOO_LONG */
async function awaitCatalog(transport: Transport, hasEnded: () => string | undefined): Promise<void> {
  const deadline = performance.now() + READY_MS_MAX;
  for (;;) {
    const reply = await transport.send({ method: "GET", path: "/v2/catalog" });
    if (reply.kind === "answer" && reply.status === 200) return;
    const ended = hasEnded();
    const why = ended ?? (reply.kind === "error" ? reply.what : `HTTP ${reply.status}`);
    if (ended !== undefined || performance.now() > deadline)
      throw new ScenarioError("SCENARIO_WAITED_TOO_LONG", `the broker's catalog: ${why}`);
    await sleep(LOOK_MS);
  }
}

/** A broker that this process starts with a shell command, and kills with all its children. */
export function startBroker(command: string, environment: Variables, transport: Transport): BrokerHook {
  let child: ChildProcess | undefined;
  let printed = "";
  let ended: string | undefined;
  const note = (text: Buffer): void => {
    printed = (printed + text.toString()).slice(-TAIL);
  };
  const kill = async (): Promise<void> => {
    const running = child;
    child = undefined;
    if (running?.pid === undefined || running.exitCode !== null || running.signalCode !== null) return;
    const gone = once(running, "close");
    // The shell command has a process group of its own, so its children end with it.
    process.kill(-running.pid, "SIGKILL");
    await gone;
  };
  const start = async (): Promise<void> => {
    await kill();
    ended = undefined;
    const started = spawn("/bin/sh", ["-c", command], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...environment },
      detached: true,
    });
    child = started;
    started.stdout.on("data", note);
    started.stderr.on("data", note);
    started.once("exit", (code, signal) => {
      if (child === started) ended = `${command} ended with ${signal ?? code}: ${printed.trim()}`;
    });
    await awaitCatalog(transport, () => ended);
  };
  return { start, kill, close: kill };
}

/** A broker that already runs. @param restart the shell command that restarts it. Default: nobody can */
export function findBroker(restart: string | undefined, environment: Variables, transport: Transport): BrokerHook {
  const kill = async (): Promise<void> => {
    const child = spawn("/bin/sh", ["-c", restart ?? ""], { stdio: "ignore", env: { ...process.env, ...environment } });
    const [code] = await once(child, "close");
    if (code !== 0) throw new ScenarioError("SCENARIO_TASK_FAILED", `${restart}: ended with ${code}`);
  };
  return {
    start: () => awaitCatalog(transport, () => undefined),
    kill: restart === undefined ? undefined : kill,
    close: () => Promise.resolve(),
  };
}
