import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { LoadOrder, LoadResult } from "./load.ts";

const run = promisify(execFile);
const fileOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Sends load from a process of its own. */
export async function sendLoad(order: LoadOrder): Promise<LoadResult> {
  const { stdout } = await run(process.execPath, [fileOf("load.ts"), JSON.stringify(order)]);
  return JSON.parse(stdout) as LoadResult;
}

/** Starts the bare route; it listens when this resolves. */
export async function startBare(databaseUrl: string, port: number): Promise<ChildProcess> {
  const child = spawn(process.execPath, [fileOf("bare.ts"), databaseUrl, String(port)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  return child;
}
