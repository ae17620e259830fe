import type { ChildProcess } from "node:child_process";
import { LivePlaneError } from "../errors.ts";

const READY = /database system is ready to accept (read-only )?connections/;
const LOG_CHARS_MAX = 4000;

/** Resolves when a server reports that it accepts connections. @throws LivePlaneError LIVE_PG_START */
export function waitUntilReady(child: ChildProcess, startMsMax: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let log = "";
    const fail = (why: string): void => reject(new LivePlaneError("LIVE_PG_START", why));
    const late = setTimeout(() => fail(`not ready after ${startMsMax} ms`), startMsMax);
    child.once("error", (error) => fail(error.message));
    child.once("exit", () => {
      clearTimeout(late);
      fail(log.split("\n").find((line) => /FATAL|ERROR|error/.test(line)) ?? "it ended at once");
    });
    child.stderr?.on("data", (chunk: Buffer) => {
      log = (log + chunk.toString("utf8")).slice(-LOG_CHARS_MAX);
      if (!READY.test(log)) return;
      clearTimeout(late);
      resolve();
    });
  });
}
