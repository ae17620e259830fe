import { hash, randomBytes } from "node:crypto";
import type { EngineIdentity, EngineMaker, LiveEngine, LiveNode, NodeOrder } from "../engine.ts";
import { serverOwner } from "../owner.ts";
import { encryptAtOnce } from "../tls.ts";
import { ENGINE_NAME, VERSION } from "./embedded/identity.ts";
import { formatEmbedded, startEmbeddedNode } from "./embedded/node.ts";
import { formatFolder } from "./folder.ts";
import { startServerNode } from "./node.ts";
import { findProgram, type Program } from "./program.ts";
import { refuseClient } from "./refusals.ts";

/** How nodes are created and started: with a server of the machine, or with our own engine. */
interface Maker {
  readonly identity: EngineIdentity;
  readonly format: (data: string) => Promise<void>;
  readonly start: (order: NodeOrder) => Promise<LiveNode>;
}

const PASSWORD_BYTES = 24;

/**
 * Redis: the machine's server, Redis or Valkey, if there is one on the PATH; otherwise our own engine, which
 * identifies itself as such.
 */
export const redis: EngineMaker = () => {
  const program = findProgram();
  return program === undefined ? engineOf(EMBEDDED) : engineOf(ofServer(program));
};

/** Redis served by our own engine, whatever the machine has. */
export const redisEmbedded: EngineMaker = () => engineOf(EMBEDDED);

/** Only the machine's servers replicate: each of their nodes has its own users, and serves in either role. */
function engineOf({ identity, format, start }: Maker): LiveEngine {
  const replicates = !identity.isEmbedded;
  return {
    kind: "redis",
    roles: new Set(replicates ? (["primary", "replica"] as const) : (["primary"] as const)),
    replicates,
    hasUsersPerNode: replicates,
    identify: async () => identity,
    prepare: async () => {},
    format,
    start,
    encrypt: encryptAtOnce,
    refuse: refuseClient,
    close: async () => {},
  };
}

function ofServer(program: Program): Maker {
  const password = randomBytes(PASSWORD_BYTES).toString("hex");
  const secrets = { program, password, passwordHash: hash("sha256", password, "hex") };
  return {
    identity: { kind: "redis", name: program.name, version: program.version, isEmbedded: false },
    format: async (data) => formatFolder(data, await serverOwner()),
    start: async (order) => startServerNode(order, { ...secrets, owner: await serverOwner() }),
  };
}

const EMBEDDED: Maker = {
  identity: { kind: "redis", name: ENGINE_NAME, version: VERSION, isEmbedded: true },
  format: formatEmbedded,
  start: startEmbeddedNode,
};
