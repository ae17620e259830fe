import { randomBytes } from "node:crypto";
import { type Binaries, findBinaries, type Owner, serverOwner } from "./binaries.ts";
import { createRunFolder, type RunFolder } from "./folder.ts";
import { Copies, createTemplate } from "./template.ts";

/** What all servers of a live plane share: the folder of their data, the programs, and the template that each starts from. */
export interface Installation {
  readonly folder: RunFolder;
  readonly binaries: Binaries;
  readonly owner: Owner;
  readonly password: string;
  readonly copies: Copies;
}

const PASSWORD_BYTES = 24;

/** @throws LivePlaneError LIVE_PG_MISSING, LIVE_PG_NO_USER, LIVE_PG_INIT */
export async function createInstallation(): Promise<Installation> {
  const owner = await serverOwner();
  const folder = await createRunFolder();
  try {
    const binaries = await findBinaries(owner, folder.path);
    const password = randomBytes(PASSWORD_BYTES).toString("hex");
    const copies = new Copies(await createTemplate(binaries, owner, folder.path, password));
    copies.prepare().catch(() => {});
    return { folder, binaries, owner, password, copies };
  } catch (error) {
    await folder.close();
    throw error;
  }
}
