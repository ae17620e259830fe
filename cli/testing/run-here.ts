import { AsyncLocalStorage } from "node:async_hooks";
import { vi } from "vitest";
import { runCommandLine } from "../command-line.ts";
import type { CommandResult } from "./run.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const STREAMS = ["stdout", "stderr"] as const;

/** The output of the running command so far. */
const written = new AsyncLocalStorage<Record<(typeof STREAMS)[number], string>>();
let running = 0;
let restore = (): void => {};

/** Captures what commands write to the streams; what others write passes through. Returns a function that undoes it. */
function captureStreams(): () => void {
  const undo: (() => void)[] = [];
  for (const name of STREAMS) {
    const stream = process[name];
    const write = stream.write.bind(stream);
    const keep = (chunk: string | Uint8Array, ...rest: readonly unknown[]): boolean => {
      const texts = written.getStore();
      if (texts === undefined) return write(chunk);
      texts[name] += typeof chunk === "string" ? chunk : Buffer.from(chunk).toString("utf8");
      for (const done of rest) if (typeof done === "function") done();
      return true;
    };
    const spy = vi.spyOn(stream, "write").mockImplementation(keep);
    undo.push(() => spy.mockRestore());
  }
  // The test runner has a console of its own; a command's console writes to the streams.
  for (const [method, stream] of [
    ["log", process.stdout],
    ["error", process.stderr],
  ] as const) {
    const spy = vi.spyOn(console, method).mockImplementation((text: unknown) => void stream.write(`${String(text)}\n`));
    undo.push(() => spy.mockRestore());
  }
  const kept = SIGNALS.map((name) => [name, process.listeners(name)] as const);
  undo.push(() => {
    for (const [name, listeners] of kept)
      for (const added of process.listeners(name).filter((each) => !listeners.includes(each))) process.off(name, added);
  });
  return () => undo.forEach((each) => each());
}

/**
 * Runs one command line to its end as `drydock` does, in this process: what a command costs is then its work alone. Not for
 * commands that are sent signals or whose streams are closed. Those that run at once share their environment.
 */
export async function drydockHere(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CommandResult> {
  if (running++ === 0) restore = captureStreams();
  for (const [name, value] of Object.entries({ NO_COLOR: "1", ...env })) vi.stubEnv(name, value);
  const texts = { stdout: "", stderr: "" };
  try {
    const code = await written.run(texts, () => runCommandLine(args));
    return { code, ...texts };
  } finally {
    if (--running === 0) {
      restore();
      vi.unstubAllEnvs();
    }
  }
}
