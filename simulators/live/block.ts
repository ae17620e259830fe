import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { hearErrors } from "../kernel/edge/connections.ts";
import { LiveError, listenError } from "./errors.ts";

/** A block of loopback that this process owns until it releases it. */
export interface ClaimedBlock {
  /** `127.64` */
  readonly block: string;
  /** The lock, at which this process listens for as long as it owns the block. */
  readonly lock: { readonly host: string; readonly port: number };
  release(): void;
}

const FIRST = 64;
const LAST = 126;
/** The lock of a block, as a host within the block and a port: whoever listens there owns the block. */
const BLOCK_LOCK = { host: "250.1", port: 7700 } as const;

/** The blocks to choose from when none is asked for. */
export const LIVE_BLOCKS: readonly string[] = Array.from({ length: LAST - FIRST + 1 }, (_, at) => `127.${FIRST + at}`);

/** 127.0 belongs to everything else on the machine, applications included. */
function isBlock(text: string): boolean {
  const half = /^127\.(\d{1,3})$/.exec(text)?.[1];
  return half !== undefined && Number(half) >= 1 && Number(half) <= 255;
}

/** Listens at the lock of a block. @throws Error EADDRINUSE … */
async function lockBlock(block: string): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  server.unref();
  server.listen(BLOCK_LOCK.port, `${block}.${BLOCK_LOCK.host}`);
  await once(server, "listening");
  // A connection that can't be accepted must not cost the owner the block.
  hearErrors(server);
  return server;
}

/**
 * Claims the given block, by default the first free one.
 *
 * @throws LiveError LIVE_BAD_BLOCK, LIVE_PORT_TAKEN, LIVE_NO_BLOCK, LIVE_NO_LOOPBACK
 */
export async function claimBlock(wanted?: string): Promise<ClaimedBlock> {
  if (wanted !== undefined && !isBlock(wanted)) throw new LiveError("LIVE_BAD_BLOCK", `block ${wanted}`);
  for (const block of wanted === undefined ? LIVE_BLOCKS : [wanted]) {
    try {
      const server = await lockBlock(block);
      const lock = { host: `${block}.${BLOCK_LOCK.host}`, port: BLOCK_LOCK.port };
      return { block, lock, release: () => server.close() };
    } catch (error) {
      const explained = listenError(error, "the block", `${block}.${BLOCK_LOCK.host}`, BLOCK_LOCK.port);
      if (wanted !== undefined || !(explained instanceof LiveError) || explained.code !== "LIVE_PORT_TAKEN")
        throw explained;
    }
  }
  throw new LiveError("LIVE_NO_BLOCK", "no block of loopback is free");
}
