import { createSocket } from "node:dgram";
import type { Kernel } from "../../kernel/index.ts";
import { encodeMessage } from "../wire/codec/encode.ts";
import { FLAG, OPCODE, RCODE, TYPE } from "../wire/codec/types.ts";

/** How often a secondary is notified of a change that it does not acknowledge, and the time between two tries (RFC 1996 §3.6). */
const TRIES_MAX = 5;
const TRY_EVERY_MS = 2000;
const ID_MAX = 0xffff;

/** Notifies secondaries of each change of a zone (RFC 1996); they then ask for its SOA and transfer it. The function returned ends that. */
export function sendNotifications(
  kernel: Kernel,
  secondaries: readonly string[],
  report: (error: unknown) => void,
): () => Promise<void> {
  if (secondaries.length === 0) return async () => {};
  const pending = new Map<number, NodeJS.Timeout>();
  let ids = 0;
  const sockets = secondaries.map((secondary) => {
    const at = secondary.lastIndexOf(":");
    const host = secondary.slice(0, at).replace(/[[\]]/g, "");
    const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
    socket.on("error", report);
    socket.on("message", (message) => {
      const id = message.length < 2 ? -1 : message.readUInt16BE(0);
      clearInterval(pending.get(id));
      pending.delete(id);
    });
    return { socket, host, port: Number(secondary.slice(at + 1)) };
  });
  const leave = kernel.journal.listen(({ source, kind, data }) => {
    const name = source === "designate" && kind === "zone.active" ? data?.name : undefined;
    if (typeof name !== "string") return;
    for (const { socket, host, port } of sockets) {
      ids = (ids + 1) % ID_MAX;
      const message = notification(ids, name);
      if (message === undefined) continue;
      let tries = 0;
      const id = ids;
      const send = (): void => {
        if (++tries > TRIES_MAX) return clearInterval(pending.get(id));
        socket.send(message, port, host);
      };
      pending.set(id, setInterval(send, TRY_EVERY_MS));
      send();
    }
  });
  return async () => {
    leave();
    for (const timer of pending.values()) clearInterval(timer);
    for (const { socket } of sockets) socket.close();
  };
}

const notification = (id: number, zone: string): Uint8Array | undefined =>
  encodeMessage(
    {
      id,
      flags: FLAG.AA,
      opcode: OPCODE.NOTIFY,
      rcode: RCODE.NOERROR,
      question: { name: zone, type: TYPE.SOA, class: 1 },
      answer: [],
      authority: [],
      additional: [],
    },
    false,
  );
