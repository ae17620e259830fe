import { hash, randomBytes } from "node:crypto";
import type { EngineIdentity, EngineMaker, LiveEngine, LiveNode, NodeOrder } from "../engine.ts";
import { serverOwner } from "../owner.ts";
import { ENGINE_NAME, VERSION } from "./embedded/identity.ts";
import { formatEmbedded, startEmbeddedNode } from "./embedded/node.ts";
import { formatFolder, startServerNode } from "./node.ts";
import { findProgram, type Program } from "./program.ts";
import { refuseClient } from "./refusals.ts";

/** How nodes are made and started: by a server of the machine, or by our own engine. */
interface Maker {
  readonly identity: EngineIdentity;
  format(data: string): Promise<void>;
  start(order: NodeOrder): Promise<LiveNode>;
}

const PASSWORD_BYTES = 24;

/** Redis: the server of the machine, Redis or Valkey, where there is one on the PATH; else our own engine, which says what it is. */
export const redis: EngineMaker = () =>
  engineOf(async () => {
    const program = await findProgram();
    return program === undefined ? EMBEDDED : ofServer(program);
  });

/** Redis by our own engine, whatever the machine has. */
export const redisEmbedded: EngineMaker = () => engineOf(async () => EMBEDDED);

function engineOf(find: () => Promise<Maker>): LiveEngine {
  let making: Promise<Maker> | undefined;
  const maker = (): Promise<Maker> => (making ??= find());
  return {
    kind: "redis",
    roles: new Set(["primary"]),
    identify: async () => (await maker()).identity,
    prepare: async () => void (await maker()),
    format: async (data) => (await maker()).format(data),
    start: async (order) => (await maker()).start(order),
    refuse: refuseClient,
    close: async () => {},
  };
}

async function ofServer(program: Program): Promise<Maker> {
  const password = randomBytes(PASSWORD_BYTES).toString("hex");
  const common = { program, owner: await serverOwner(), password, passwordHash: hash("sha256", password, "hex") };
  return {
    identity: { kind: "redis", name: program.name, version: program.version, isEmbedded: false },
    format: (data) => formatFolder(data, common.owner),
    start: (order) => startServerNode(order, common),
  };
}

const EMBEDDED: Maker = {
  identity: { kind: "redis", name: ENGINE_NAME, version: VERSION, isEmbedded: true },
  format: formatEmbedded,
  start: startEmbeddedNode,
};
