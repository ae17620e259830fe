import type { Kernel } from "../../kernel/index.ts";
import { createNameServer, defineFace, type NameServer } from "../face.ts";
import type { DnsReply } from "../reply.ts";
import { answerStrictly, type Hosting } from "./answer.ts";

export { recordOf, typeNumber } from "./rdata.ts";
export { createZone, type RecordSet, type Zone } from "./zone.ts";
export type { Hosting } from "./answer.ts";

/** A name server that hosts zones. */
interface ZoneServerOptions {
  /** As faults name it. Default `ns1`. */
  readonly name?: string;
  readonly hosting: () => Hosting;
  /** The zones that it hosted some time ago, ms. Default: those it hosts now. */
  readonly hostingBack?: (ageMs: number) => Hosting;
}

/** An authoritative name server that is strict: RFC 1034, 1035, 2181, 2308, 3597, 4343, 4592, 5936, 6891, 8020, 8482, 8906. */
export function createZoneServer(kernel: Kernel, options: ZoneServerOptions): NameServer {
  const { name = "ns1", hosting, hostingBack = hosting } = options;
  const point = defineFace(kernel, "name-server", [name]);
  const reply = (messages: readonly Uint8Array[]): DnsReply => {
    const [message, ...more] = messages;
    return message === undefined ? {} : { message, ...(more.length > 0 && { more }) };
  };
  return createNameServer(kernel, point, name, {
    look: ({ message, transport }) => reply(answerStrictly(hosting(), message, transport)),
    lookBack: ({ message, transport }, ageMs) => reply(answerStrictly(hostingBack(ageMs), message, transport)),
  });
}
