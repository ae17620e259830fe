import { hash } from "node:crypto";
import { sameSecret } from "../../../kernel/index.ts";

/** What is kept of a password or of an application credential's secret: SHA-256 over its owner's id and itself, hex. */
export const hashSecret = (ownerId: string, secret: string): string => hash("sha256", `${ownerId}/${secret}`, "hex");

/** Is `secret` the one whose hash is kept? Compares in constant time; nothing kept: false. */
export const matchesSecret = (kept: string | undefined, ownerId: string, secret: string): boolean =>
  kept !== undefined && sameSecret(kept, hashSecret(ownerId, secret));
