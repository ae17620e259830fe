import { hash } from "node:crypto";
import { sameSecret } from "../../../kernel/index.ts";

/** The stored form of a password or of an application credential's secret: SHA-256 over its owner's id and itself, hex. */
export const hashSecret = (ownerId: string, secret: string): string => hash("sha256", `${ownerId}/${secret}`, "hex");

/** Whether `secret` is the one whose hash is stored; false if none is. Compares in constant time. */
export const matchesSecret = (kept: string | undefined, ownerId: string, secret: string): boolean =>
  kept !== undefined && sameSecret(kept, hashSecret(ownerId, secret));
