import { hash, randomBytes } from "node:crypto";
import type { EngineMaker } from "../engine.ts";
import { type Owner, serverOwner } from "../owner.ts";
import { formatFolder, startServerNode } from "./node.ts";
import { findProgram, type Program } from "./program.ts";
import { refuseClient } from "./refusals.ts";

interface Installation {
  readonly program: Program;
  readonly owner: Owner;
}

const PASSWORD_BYTES = 24;

/** Redis: the server of the machine, Redis or Valkey, where there is one on the PATH. */
export const redis: EngineMaker = () => {
  const password = randomBytes(PASSWORD_BYTES).toString("hex");
  const secrets = { password, passwordHash: hash("sha256", password, "hex") };
  let installation: Promise<Installation> | undefined;
  const install = (): Promise<Installation> => (installation ??= findInstallation());
  return {
    kind: "redis",
    roles: new Set(["primary"]),
    identify: async () => {
      const { name, version } = (await install()).program;
      return { kind: "redis", name, version, isEmbedded: false };
    },
    prepare: async () => void (await install()),
    format: async (data) => formatFolder(data, (await install()).owner),
    start: async (order) => startServerNode(order, { ...(await install()), ...secrets }),
    refuse: refuseClient,
    close: async () => {},
  };
};

async function findInstallation(): Promise<Installation> {
  const program = await findProgram();
  if (program === undefined) throw new Error("no redis-server");
  return { program, owner: await serverOwner() };
}
