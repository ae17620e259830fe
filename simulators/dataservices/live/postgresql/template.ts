import { execFile, spawn } from "node:child_process";
import { chown, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Owner } from "../owner.ts";
import type { Binaries } from "./binaries.ts";
import { LivePlaneError } from "../errors.ts";
import { GROUP, PLACEHOLDER, RESTORER, SCHEMA, SUPERUSER } from "./roles.ts";

const run = promisify(execFile);

/** A data folder whose database has no name yet; each instance starts on a copy. */
interface Template {
  readonly path: string;
  /**
   * The password of the superuser and of the role that restores. Nobody else knows it, and each process draws
   * a new one.
   */
  readonly password: string;
}

/** The statements for single-user mode, one a line, by database. The role model is that of `roles.ts`. */
const STATEMENTS = {
  template1: (password: string) => [
    `ALTER DATABASE postgres RENAME TO ${PLACEHOLDER}`,
    "UPDATE pg_database SET datistemplate = false WHERE datname = 'template0'",
    "DROP DATABASE template0",
    "REVOKE ALL ON DATABASE template1 FROM PUBLIC",
    `CREATE ROLE ${GROUP} NOLOGIN`,
    `CREATE ROLE ${RESTORER} LOGIN PASSWORD '${password}' IN ROLE ${GROUP}`,
    `ALTER ROLE ${RESTORER} SET role = ${GROUP}`,
    `REVOKE ALL ON DATABASE ${PLACEHOLDER} FROM PUBLIC`,
    `GRANT CONNECT, CREATE, TEMPORARY ON DATABASE ${PLACEHOLDER} TO ${GROUP}`,
    `ALTER DATABASE ${PLACEHOLDER} SET search_path = ${SCHEMA}, public`,
  ],
  [PLACEHOLDER]: () => [`CREATE SCHEMA ${SCHEMA} AUTHORIZATION ${GROUP}`],
};

/** Makes the template of a live plane in its folder. @throws LivePlaneError LIVE_PG_INIT */
export async function createTemplate(
  binaries: Binaries,
  owner: Owner,
  folder: string,
  password: string,
): Promise<Template> {
  const path = join(folder, "template");
  const passwordFile = join(folder, "initdb-password");
  await createOwnedFolder(path, owner);
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (owner.uid !== undefined && owner.gid !== undefined) await chown(passwordFile, owner.uid, owner.gid);
  try {
    const flags = ["--no-sync", "--locale=C", "--encoding=UTF8", "--wal-segsize=1", "--no-instructions"];
    const auth = ["--auth=scram-sha-256", `--pwfile=${passwordFile}`, `--username=${SUPERUSER}`];
    await run(binaries.initdb, ["-D", path, ...flags, ...auth], { ...owner, cwd: folder });
    for (const [database, statements] of Object.entries(STATEMENTS))
      await singleUser(binaries, owner, path, database, statements(password));
  } catch (error) {
    throw new LivePlaneError("LIVE_PG_INIT", error instanceof Error ? error.message.split("\n")[0] : String(error));
  } finally {
    await rm(passwordFile, { force: true });
  }
  return { path, password };
}

async function createOwnedFolder(path: string, { uid, gid }: Owner): Promise<void> {
  await mkdir(path, { mode: 0o700 });
  if (uid !== undefined && gid !== undefined) await chown(path, uid, gid);
}

/** Runs statements without starting a server: single-user mode reads one a line. */
function singleUser(
  binaries: Binaries,
  owner: Owner,
  path: string,
  database: string,
  statements: readonly string[],
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(binaries.postgres, ["--single", "-D", path, "-c", "exit_on_error=true", database], {
      ...owner,
      cwd: path,
      stdio: ["pipe", "ignore", "ignore"],
    });
    child.on("error", reject);
    child.on("exit", (code) => (code === 0 ? resolve() : reject(new Error(`single-user mode ended with ${code}`))));
    child.stdin.on("error", () => {});
    child.stdin.end(`${statements.join("\n")}\n`);
  });
}

/** Copies of the template, one of them made ahead: a first connection would otherwise spend most of its time waiting for the copy. */
export class Copies {
  readonly #template: Template;
  #made = 0;
  #spare: Promise<string> | undefined;

  constructor(template: Template) {
    this.#template = template;
  }

  /** Prepares the next copy. */
  prepare(): Promise<string> {
    this.#spare ??= this.#copy();
    return this.#spare;
  }

  /** Moves a copy to a path. */
  async take(to: string): Promise<void> {
    const spare = this.prepare();
    this.#spare = undefined;
    const from = await spare;
    try {
      await rename(from, to);
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EXDEV")) throw error;
      // The disks of a cloud that lasts may lie on another file system.
      await run("cp", ["-a", from, to]);
      await rm(from, { recursive: true });
    }
  }

  /** `cp` keeps owner and modes, and is several times faster than copying file by file from here. */
  async #copy(): Promise<string> {
    const to = `${this.#template.path}-copy-${++this.#made}`;
    await run("cp", ["-a", this.#template.path, to]);
    return to;
  }
}
