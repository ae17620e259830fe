import { execFile } from "node:child_process";
import { chown, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { LivePlaneError } from "./errors.ts";

const run = promisify(execFile);

/** The user as which a server runs; empty unless this process is root, as which no tenant's server may run. */
export interface Owner {
  readonly uid?: number;
  readonly gid?: number;
}

/** For root, the user `postgres`, otherwise `nobody`. @throws LivePlaneError LIVE_DATA_NO_USER */
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

/** Writes a file that only this user can read. */
export async function writeOwned(path: string, content: string, { uid, gid }: Owner): Promise<void> {
  await writeFile(path, content, { mode: 0o600 });
  if (uid !== undefined && gid !== undefined) await chown(path, uid, gid);
}
