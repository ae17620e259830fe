import { execFileSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** A server program of this machine. */
export interface Program {
  readonly path: string;
  /** `Redis` or `Valkey`. */
  readonly name: string;
  /** Such as `7.0.15`. */
  readonly version: string;
}

/** The programs to look for, in this order, by name. */
const NAMES = [
  ["redis-server", "Redis"],
  ["valkey-server", "Valkey"],
] as const;
/** The first version in which a replica can set its source address (`bind-source-addr`), and which has ACL rules like ours. */
const MAJOR_MIN = 7;

/** The server program on the PATH, if it is recent enough; undefined if there is none. */
export function findProgram(): Program | undefined {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    for (const [file, name] of NAMES) {
      const path = join(folder, file);
      const version = versionOf(path);
      if (version !== undefined && Number.parseInt(version, 10) >= MAJOR_MIN) return { path, name, version };
    }
  }
  return undefined;
}

function versionOf(path: string): string | undefined {
  try {
    accessSync(path, constants.X_OK);
    return / v=([\d.]+)/.exec(execFileSync(path, ["--version"], { encoding: "utf8" }))?.[1];
  } catch {
    return undefined;
  }
}
