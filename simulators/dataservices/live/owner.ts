import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { LivePlaneError } from "./errors.ts";

const run = promisify(execFile);

/** The user that a server runs as; empty unless this process is root, as whom no server of a tenant may run. */
export interface Owner {
  readonly uid?: number;
  readonly gid?: number;
}

/** For root, the user `postgres`, else `nobody`. @throws LivePlaneError LIVE_DATA_NO_USER */
export async function serverOwner(): Promise<Owner> {
  if (process.getuid?.() !== 0) return {};
  for (const name of ["postgres", "nobody"]) {
    try {
      const [uid, gid] = await Promise.all(
        ["-u", "-g"].map(async (flag) => Number((await run("id", [flag, name])).stdout)),
      );
      if (uid !== undefined && gid !== undefined) return { uid, gid };
    } catch {
      continue;
    }
  }
  throw new LivePlaneError("LIVE_DATA_NO_USER");
}
