import { createHash } from "node:crypto";

/*
 * The archive in which Consul hands out snapshots: a tar of `meta.json`, `state.bin` and the digests of both (Consul, "Snapshot HTTP Endpoint").
 */

const BLOCK_BYTES = 512;
const DIGESTS = "SHA256SUMS";

/** A member of an archive. */
interface Member {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** The header of a member (POSIX ustar). */
function headerOf({ name, bytes }: Member): Buffer {
  const header = Buffer.alloc(BLOCK_BYTES);
  header.write(name, 0, 100, "latin1");
  header.write("0000600\0", 100);
  header.write("0000000\0", 108);
  header.write("0000000\0", 116);
  header.write(`${bytes.length.toString(8).padStart(11, "0")}\0`, 124);
  header.write("00000000000\0", 136);
  header.write(" ".repeat(8), 148);
  header.write("0", 156);
  header.write("ustar\u000000", 257, "latin1");
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return header;
}

const padding = (bytes: number): Buffer => Buffer.alloc((BLOCK_BYTES - (bytes % BLOCK_BYTES)) % BLOCK_BYTES);

const digestOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** Packs the state of the servers and what describes it. */
export function packSnapshot(meta: object, state: Uint8Array): Buffer {
  const members: Member[] = [
    { name: "meta.json", bytes: Buffer.from(`${JSON.stringify(meta)}\n`) },
    { name: "state.bin", bytes: state },
  ];
  const digests = members.map(({ name, bytes }) => `${digestOf(bytes)}  ${name}\n`).join("");
  const all = [...members, { name: DIGESTS, bytes: Buffer.from(digests) }];
  return Buffer.concat([
    ...all.flatMap((member) => [headerOf(member), member.bytes, padding(member.bytes.length)]),
    Buffer.alloc(2 * BLOCK_BYTES),
  ]);
}

/** The state in an archive; undefined where it is none, or is damaged. */
export function unpackSnapshot(archive: Buffer): Buffer | undefined {
  const members = new Map<string, Buffer>();
  for (let at = 0; at + BLOCK_BYTES <= archive.length; ) {
    const name = archive.toString("latin1", at, at + 100).replace(/\0.*$/s, "");
    if (name === "") break;
    const size = Number.parseInt(archive.toString("latin1", at + 124, at + 135), 8);
    if (!Number.isSafeInteger(size)) return undefined;
    const from = at + BLOCK_BYTES;
    members.set(name, archive.subarray(from, from + size));
    at = from + size + padding(size).length;
  }
  const state = members.get("state.bin");
  const digests = members.get(DIGESTS)?.toString("utf8") ?? "";
  return state !== undefined && digests.includes(`${digestOf(state)}  state.bin`) ? state : undefined;
}
