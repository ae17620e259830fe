import { createCipheriv, createDecipheriv, hkdfSync } from "node:crypto";
import type { Host } from "../host.ts";

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** AES-256-GCM under a key of its own for each purpose (HKDF of the broker's key). */
export interface Seal {
  seal(plain: Uint8Array): Uint8Array;
  /** @throws Error when it was not sealed with this key, or was changed */
  open(sealed: Uint8Array): Uint8Array;
}

export function createSeal(host: Host, encryptionKey: string, purpose: string): Seal {
  const key = Buffer.from(hkdfSync("sha256", Buffer.from(encryptionKey, "hex"), "", purpose, 32));
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

export const sealText = (seal: Seal, text: string): string =>
  Buffer.from(seal.seal(Buffer.from(text))).toString("base64");
export const openText = (seal: Seal, sealed: string): string =>
  Buffer.from(seal.open(Buffer.from(sealed, "base64"))).toString("utf8");
