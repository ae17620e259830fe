import { hash } from "node:crypto";
import { gzipSync } from "node:zlib";
import type { Blob, BlobMember } from "../state/artifacts.ts";
import type { Director } from "../state/director.ts";

const BLOBS_MAX = 200;

const BLOCK = 512;

/** Keeps a blob that a task made, and drops the oldest when there are too many. */
export function storeBlob(
  director: Director,
  members: Blob["members"],
): { readonly id: string; readonly sha1: string; readonly sha256: string } {
  const { blobs } = director.slot.value;
  const blob = { id: director.kernel.random("bosh/blobs").uuid(), members };
  blobs.set(blob.id, blob);
  for (const id of blobs.keys()) {
    if (blobs.size <= BLOBS_MAX) break;
    blobs.delete(id);
  }
  const bytes = packBlob(blob);
  return { id: blob.id, sha1: hash("sha1", bytes, "hex"), sha256: hash("sha256", bytes, "hex") };
}

/** The blob as a gzipped tar: always the same bytes for the same blob. */
export const packBlob = ({ members }: Blob): Buffer => packMembers(members);

/** Members as a gzipped tar. */
export const packMembers = (members: readonly BlobMember[]): Buffer =>
  gzipSync(Buffer.concat([...members.flatMap(tarMember), Buffer.alloc(2 * BLOCK)]));

/** One member in ustar format (POSIX.1-1988): a file, or a directory if there is no text. */
function tarMember({ name, text, encoding }: BlobMember): readonly Buffer[] {
  const content = Buffer.from(text ?? "", encoding ?? "utf8");
  const head = Buffer.alloc(BLOCK);
  const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, "0");
  head.write(name.slice(0, 100), 0);
  head.write(octal(text === null ? 0o755 : 0o644, 7), 100);
  head.write(octal(0, 7), 108);
  head.write(octal(0, 7), 116);
  head.write(octal(content.length, 11), 124);
  head.write(octal(0, 11), 136);
  head.write("        ", 148);
  head.write(text === null ? "5" : "0", 156);
  head.write("ustar\u000000", 257);
  const sum = head.reduce((total, byte) => total + byte, 0);
  head.write(`${octal(sum, 6)}\u0000 `, 148);
  const padding = Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK);
  return [head, content, padding];
}
