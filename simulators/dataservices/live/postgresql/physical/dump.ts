import { rm } from "node:fs/promises";
import type { DumpDefects } from "../../../behaviour/services.ts";
import { sealStream } from "../../../wire/dump-stream.ts";
import type { Installation } from "../installation.ts";
import type { Server } from "../server.ts";
import { baseBackup } from "./base-backup.ts";
import { loseTail, tear } from "./defects.ts";
import { stageServer } from "./restored.ts";

/** The engine's name in a dump that is a base backup. */
export const ENGINE = "postgresql";

/** A base backup of a server, over a session of its own. */
async function* backupOf(server: Server, major: number): AsyncGenerator<Uint8Array> {
  const client = await server.connectForReplication();
  try {
    yield* baseBackup(client, { label: "drydock", major });
  } finally {
    // A session with a backup in progress is cut off, because it would send the rest before ending in order.
    if (client.connection !== undefined) client.connection.stream.destroy();
  }
}

/** A base backup of a copy that was altered first: this is how defects of dumps are planted. The dump itself is sound. */
async function* backupOfAltered(
  server: Server,
  installation: Installation,
  alter: (copy: Server) => Promise<void>,
): AsyncGenerator<Uint8Array> {
  const folder = `${server.options.data}.altered`;
  const body = backupOf(server, installation.binaries.major);
  // A copy is not a member of any group.
  const { member: _member, ...options } = server.options;
  const copy = await stageServer(body, { installation, options, folder });
  try {
    await alter(copy);
    yield* backupOf(copy, installation.binaries.major);
  } finally {
    await copy.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** All contents of a server, as of one moment. */
export function physicalDump(
  server: Server,
  installation: Installation,
  { isTorn, isShort }: DumpDefects,
): AsyncIterable<Uint8Array> {
  if (!isTorn && !isShort) return sealStream(ENGINE, backupOf(server, installation.binaries.major));
  const body = backupOfAltered(server, installation, async (copy) => {
    if (isTorn) await tear(server, copy);
    if (isShort) await loseTail(copy);
  });
  return sealStream(ENGINE, body);
}
