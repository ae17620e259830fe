import { chown, mkdir } from "node:fs/promises";
import type { Owner } from "../owner.ts";

/** Creates the folder of a new disk. */
export async function formatFolder(data: string, { uid, gid }: Owner): Promise<void> {
  await mkdir(data, { mode: 0o700 });
  if (uid !== undefined && gid !== undefined) await chown(data, uid, gid);
}
