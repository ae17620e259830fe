import { type ChildProcess, spawn } from "node:child_process";
import { createServer, type RequestListener, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";

const COMMAND = fileURLToPath(new URL("../drydock.cjs", import.meta.url));

/** How a command ended, and what it printed. */
export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command while it runs. */
export interface RunningCommand {
  readonly child: ChildProcess;
  /** The first line of its standard output. Rejects if it ends without one. */
  readonly firstLine: Promise<string>;
  readonly ended: Promise<CommandResult>;
}

/** Starts one command line as a user would. */
export function startDrydock(args: readonly string[], env: Readonly<Record<string, string>> = {}): RunningCommand {
  const child = spawn(process.execPath, [COMMAND, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NO_COLOR: "1", ...env },
  });
  const texts = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    child[name].setEncoding("utf8").on("data", (text: string) => (texts[name] += text));
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, ...texts }));
  const firstLine = new Promise<string>((resolve, reject) => {
    child.stdout.on("data", () => {
      const [line, ...rest] = texts.stdout.split("\n");
      if (line !== undefined && rest.length > 0) resolve(line);
    });
    ended.then(
      ({ code, stderr }) => reject(new Error(`it ended with ${code} before its first line: ${stderr}`)),
      reject,
    );
  });
  // Callers that wait only for the end don't handle this rejection.
  firstLine.catch(() => {});
  return { child, firstLine, ended };
}

/** Runs one command line to its end. */
export const drydock = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CommandResult> =>
  startDrydock(args, env).ended;

/** A server on loopback for the duration of a test: `await using`. */
export async function startServer(
  listener: RequestListener,
): Promise<{ url: string; server: Server } & AsyncDisposable> {
  const server = createServer(listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    server,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
