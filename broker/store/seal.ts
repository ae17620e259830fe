import { createCipheriv, createDecipheriv, hkdfSync } from "node:crypto";
import type { Host } from "../host.ts";
import type { Bytes } from "../http/client.ts";

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;

/** AES-256-GCM under a key of its own for each purpose, derived from the broker's key (HKDF, RFC 5869). */
export interface Seal {
  seal(plain: Uint8Array): Bytes;
  /** @throws Error when it was not sealed with this key, or was changed */
  open(sealed: Uint8Array): Bytes;
}

/**
 * Makes the seal for one purpose.
 *
 * @param encryptionKey 64 hexadecimal digits
 * @param purpose what is sealed with one purpose can't be opened with another
 */
export function createSeal(host: Host, encryptionKey: string, purpose: string): Seal {
  const key = Buffer.from(hkdfSync("sha256", Buffer.from(encryptionKey, "hex"), "", purpose, KEY_BYTES));
  return {
    seal(plain) {
      const nonce = host.randomBytes(NONCE_BYTES);
      const cipher = createCipheriv("aes-256-gcm", key, nonce);
      return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    },
    open(sealed) {
      const bytes = Buffer.from(sealed);
      const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, NONCE_BYTES));
      decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
      return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, bytes.length - TAG_BYTES)), decipher.final()]);
    },
  };
}

/** Seals text; the result is base64. */
export const sealText = (seal: Seal, text: string): string =>
  Buffer.from(seal.seal(Buffer.from(text))).toString("base64");

/** Opens text that `sealText` sealed. @throws Error as `Seal.open` does */
export const openText = (seal: Seal, sealed: string): string =>
  Buffer.from(seal.open(Buffer.from(sealed, "base64"))).toString("utf8");
