import { randomBytes } from "node:crypto";
import { chmod, mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { type Owner, serverOwner } from "../owner.ts";
import { type Binaries, findBinaries } from "./binaries.ts";
import { Copies, createTemplate } from "./template.ts";

/**
 * The common base of all PostgreSQL servers of a live plane: the programs, the user as which they run, and
 * the template from which each starts.
 */
export interface Installation {
  readonly binaries: Binaries;
  readonly owner: Owner;
  readonly password: string;
  readonly copies: Copies;
}

const PASSWORD_BYTES = 24;
/** Lets the servers' user pass through to its own folders. */
const FOLDER_MODE = 0o711;

/**
 * @param major see `findBinaries`
 * @param password of the simulator's own roles. Default: a random one
 * @throws LivePlaneError LIVE_PG_MISSING, LIVE_DATA_NO_USER, LIVE_PG_INIT
 */
export async function createInstallation(
  parent: string,
  major?: number,
  password = randomBytes(PASSWORD_BYTES).toString("hex"),
): Promise<Installation> {
  const owner = await serverOwner();
  const folder = await mkdtemp(join(parent, `postgresql-${major ?? "any"}-`));
  await chmod(folder, FOLDER_MODE);
  const binaries = await findBinaries(owner, folder, major);
  const copies = new Copies(await createTemplate(binaries, owner, folder, password));
  copies.prepare().catch(() => {});
  return { binaries, owner, password, copies };
}
