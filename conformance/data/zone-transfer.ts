import { connect } from "node:net";
import { DataError } from "./plane.ts";
import { codeOf, NOT_OURS, nowhere } from "./probe-port.ts";

/** AXFR, and the class of the Internet (RFC 5936, section 2). */
const AXFR = 252;
const IN = 1;
/** The most that is read of a zone, in bytes. */
const ZONE_BYTES_MAX = 4 * 1024 * 1024;

function questionFor(zone: string): Buffer {
  const labels = zone.split(".").filter((label) => label !== "");
  const name = labels.flatMap((label) => [Buffer.from([Buffer.byteLength(label)]), Buffer.from(label)]);
  const head = Buffer.from([0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  const message = Buffer.concat([head, ...name, Buffer.from([0, 0, AXFR, 0, IN])]);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}

/**
 * The name at a position of a message, with its pointers followed (RFC 1035, section 4.1.4), and the position
 * after it.
 */
function nameAt(message: Buffer, start: number): readonly [name: string, end: number] {
  const labels: string[] = [];
  let end: number | undefined;
  for (let [at, jumps] = [start, 0]; at < message.length && jumps < 32; ) {
    const length = message[at] ?? 0;
    if (length === 0) return [labels.join("."), end ?? at + 1];
    if (length >= 0xc0) {
      end ??= at + 2;
      at = ((length & 0x3f) << 8) | (message[at + 1] ?? 0);
      jumps++;
    } else {
      labels.push(message.toString("latin1", at + 1, at + 1 + length));
      at += 1 + length;
    }
  }
  return [labels.join("."), end ?? message.length];
}

/** The names of the records of one message of an answer. */
export function namesIn(message: Buffer): readonly string[] {
  if (message.length < 12) return [];
  const [questions, answers] = [message.readUInt16BE(4), message.readUInt16BE(6)];
  const names: string[] = [];
  let at = 12;
  for (let seen = 0; seen < questions; seen++) at = nameAt(message, at)[1] + 4;
  for (let seen = 0; seen < answers && at + 10 <= message.length; seen++) {
    const [name, end] = nameAt(message, at);
    names.push(name);
    if (end + 10 > message.length) break;
    at = end + 10 + message.readUInt16BE(end + 8);
  }
  return names;
}

/** The whole messages of a stream (RFC 1035, section 4.2.2). */
function messagesOf(bytes: Buffer): readonly Buffer[] {
  const messages: Buffer[] = [];
  for (let at = 0; at + 2 <= bytes.length; ) {
    const end = at + 2 + bytes.readUInt16BE(at);
    if (end > bytes.length) break;
    messages.push(bytes.subarray(at + 2, end));
    at = end;
  }
  return messages;
}

/**
 * The names of a zone that a server reveals over TCP; empty if it refuses, which it may do by closing the connection.
 *
 * @param server `127.0.0.1:8600`
 * @throws DataError unreachable, nowhere
 */
export function transferZone(
  zone: string,
  server: string,
  source: string | undefined,
  msMax: number,
): Promise<readonly string[]> {
  const at = server.lastIndexOf(":");
  const [host, port] = at < 0 ? [server, 53] : [server.slice(0, at), Number(server.slice(at + 1))];
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const socket = connect({ host, port, ...(source !== undefined && { localAddress: source }) });
    const end = (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve([...new Set(messagesOf(Buffer.concat(chunks)).flatMap(namesIn))]);
    };
    // A server sends everything without a pause; nothing marks the end of a refusal.
    const timer = setTimeout(end, msMax / 5);
    socket.once("connect", () => socket.write(questionFor(zone)));
    socket.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      const first = messagesOf(Buffer.concat(chunks))[0];
      if (bytes > ZONE_BYTES_MAX || (first !== undefined && namesIn(first).length === 0)) end();
    });
    socket.once("close", end);
    socket.once("error", (error) => {
      clearTimeout(timer);
      if (source !== undefined && NOT_OURS.has(codeOf(error))) reject(nowhere(source));
      else reject(new DataError("unreachable", error.message, undefined, { cause: error }));
    });
  });
}
