import { chown, mkdir } from "node:fs/promises";
import type { Owner } from "../owner.ts";

/** Makes the folder of a disk that was never used. */
export async function formatFolder(data: string, { uid, gid }: Owner): Promise<void> {
  await mkdir(data, { mode: 0o700 });
  if (uid !== undefined && gid !== undefined) await chown(data, uid, gid);
}
