import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import Type from "typebox";
import { Value } from "typebox/value";

const FOLDER = new URL("./", import.meta.url);
const Ready = Type.Object({ url: Type.String(), username: Type.String(), password: Type.String() });

/** A broker with a data service that contains none of this project's code: its address, and a way to end it. */
export interface PythonBroker {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  /** Its drydock.yml. */
  readonly file: string;
  close(): Promise<void>;
}

/** Starts the broker of `broker.py`; undefined if there is no python3. */
export async function startPythonBroker(): Promise<PythonBroker | undefined> {
  const child = spawn("python3", [fileURLToPath(new URL("broker.py", FOLDER))], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const line = await Promise.race([
    once(createInterface(child.stdout), "line").then(([text]) => String(text)),
    once(child, "exit").then(() => undefined),
    once(child, "error").then(() => undefined),
  ]).catch(() => undefined);
  if (line === undefined) return undefined;
  return {
    ...Value.Parse(Ready, JSON.parse(line)),
    file: readFileSync(new URL("drydock.yml", FOLDER), "utf8"),
    close: async () => {
      const ended = once(child, "exit");
      child.stdin.end();
      await ended;
    },
  };
}
