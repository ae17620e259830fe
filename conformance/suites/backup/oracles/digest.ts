import { createHash } from "node:crypto";
import type { DatabaseContents } from "../../../data/contents.ts";

/** A digest of contents that does not depend on the order in which they were read: SHA-256, the first 16 hexadecimal digits. */
export function digestOf(contents: DatabaseContents): string {
  const hash = createHash("sha256");
  for (const [fact, value] of [...contents].toSorted(([a], [b]) => (a < b ? -1 : 1)))
    hash.update(`${fact.length}:${fact}${value.length}:${value}`);
  return hash.digest("hex").slice(0, 16);
}
