import { hash, timingSafeEqual } from "node:crypto";
import type { Kind } from "../state.ts";
import { scramVerifierOf, verifiesScram } from "./scram.ts";

const SHA_256 = /^SHA-256\$([0-9a-f]{64})$/;

/**
 * The verifier that is stored for a password, in the form that the servers of the kind accept instead of it:
 * a SCRAM-SHA-256 verifier for PostgreSQL and MongoDB, `SHA-256$` and the hexadecimal hash for Redis (its ACL
 * rule `#…`), which knows no salt. Its passwords are 128 random bits or more, which no dictionary holds.
 */
export const verifierOf = (kind: Kind, password: string, salt: Uint8Array, iterations: number): string =>
  kind === "redis" ? `SHA-256$${hash("sha256", password, "hex")}` : scramVerifierOf(password, salt, iterations);

/** Whether the password matches the verifier, in constant time. */
export function verifies(password: string, verifier: string): boolean {
  const digest = sha256Of(verifier);
  if (digest === undefined) return verifiesScram(password, verifier);
  return timingSafeEqual(Buffer.from(hash("sha256", password, "hex")), Buffer.from(digest));
}

/** The hexadecimal hash in a verifier of Redis's form; undefined for another. */
export const sha256Of = (verifier: string): string | undefined => SHA_256.exec(verifier)?.[1];
