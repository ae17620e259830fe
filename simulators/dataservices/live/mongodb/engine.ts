import { mkdir } from "node:fs/promises";
import type { EngineMaker } from "../engine.ts";
import { encryptAtOnce } from "../tls.ts";
import { ENGINE } from "./commands/hello.ts";
import { startNode } from "./node.ts";
import type { Members } from "./replica.ts";
import { refuseClient } from "./refusals.ts";

const OWNER_ONLY = 0o700;

/** MongoDB's protocol, served by our own engine within this process. Its nodes replicate commit by commit. */
export const mongodb: EngineMaker = () => {
  const members: Members = new Map();
  return {
    kind: "mongodb",
    roles: new Set(["primary", "replica"]),
    replicates: true,
    identify: async () => ({ kind: "mongodb", name: ENGINE.name, version: ENGINE.version, isEmbedded: true }),
    prepare: async () => {},
    format: (data) => mkdir(data, { mode: OWNER_ONLY }),
    start: (order) => startNode(order, members),
    encrypt: encryptAtOnce,
    refuse: refuseClient,
    close: async () => {},
  };
};
