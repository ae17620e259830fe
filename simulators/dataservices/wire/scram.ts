import { createHmac, hash, pbkdf2Sync, timingSafeEqual } from "node:crypto";

const PATTERN = /^SCRAM-SHA-256\$(\d+):([^$]+)\$([^:]+):(.+)$/;

/**
 * The verifier that PostgreSQL stores for a password (RFC 5803 as of src/common/scram-common.c): the password
 * itself is not stored, and a real server accepts the verifier in place of one. Deterministic, given the
 * salt. SASLprep is not applied: passwords are ASCII.
 *
 * `iterations`: 4096 as PostgreSQL takes (about 0.8 ms each); clients other than libpq may refuse fewer.
 */
export function scramVerifierOf(password: string, salt: Uint8Array, iterations: number): string {
  const { storedKey, serverKey } = keysOf(password, salt, iterations);
  const [s, k, v] = [salt, storedKey, serverKey].map((bytes) => Buffer.from(bytes).toString("base64"));
  return `SCRAM-SHA-256$${iterations}:${s}$${k}:${v}`;
}

/** Whether the password belongs to the verifier, in constant time. */
export function verifiesScram(password: string, verifier: string): boolean {
  const [, iterations, salt, storedKey] = PATTERN.exec(verifier) ?? [];
  if (iterations === undefined || salt === undefined || storedKey === undefined) return false;
  const offered = keysOf(password, Buffer.from(salt, "base64"), Number(iterations)).storedKey;
  return timingSafeEqual(offered, Buffer.from(storedKey, "base64"));
}

function keysOf(password: string, salt: Uint8Array, iterations: number): { storedKey: Buffer; serverKey: Buffer } {
  const salted = pbkdf2Sync(password, salt, iterations, 32, "sha256");
  const clientKey = createHmac("sha256", salted).update("Client Key").digest();
  return {
    storedKey: hash("sha256", clientKey, "buffer"),
    serverKey: createHmac("sha256", salted).update("Server Key").digest(),
  };
}
