import { createCipheriv, createDecipheriv, hkdfSync } from "node:crypto";
import type { Host } from "../host.ts";
import type { Bytes } from "../http/client.ts";

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;
const KEY_ID_BYTES = 4;

/**
 * AES-256-GCM under separate keys for each purpose, each derived from a key of the broker (HKDF, RFC 5869). One key of the ring seals, each of them
 * opens.
 */
export interface Seal {
  /** The id of the key that seals, 8 hexadecimal digits. */
  readonly keyId: string;
  seal(plain: Uint8Array): Bytes;
  /**
   * @param keyId of the key that sealed it. Default: whichever key opens it
   * @throws Error if it was sealed with no key of the ring, or was changed
   */
  open(sealed: Uint8Array, keyId?: string): Bytes;
}

const derive = (key: string, purpose: string, bytes: number): Buffer<ArrayBuffer> =>
  Buffer.from(hkdfSync("sha256", Buffer.from(key, "hex"), "", purpose, bytes));

/** The id of a key is derived from it, so two keys can't have one id. It reveals nothing about the key. */
export const keyIdOf = (key: string): string => derive(key, "key id", KEY_ID_BYTES).toString("hex");

function openWith(key: Buffer, sealed: Uint8Array): Bytes {
  const bytes = Buffer.from(sealed);
  const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, NONCE_BYTES));
  decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
  return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, bytes.length - TAG_BYTES)), decipher.final()]);
}

/** Tries one key after the other. @throws the last one's error */
function openWithAny(keys: Iterable<Buffer>, sealed: Uint8Array): Bytes {
  let last: unknown = new Error("no keys");
  for (const key of keys) {
    try {
      return openWith(key, sealed);
    } catch (error) {
      last = error;
    }
  }
  throw last;
}

/**
 * Makes the seal for one purpose.
 *
 * @param ring keys of 64 hexadecimal digits. The first one seals
 * @param purpose what is sealed with one purpose can't be opened with another
 */
export function createSeal(host: Pick<Host, "randomBytes">, ring: readonly string[], purpose: string): Seal {
  const keys = new Map(ring.map((key) => [keyIdOf(key), derive(key, purpose, KEY_BYTES)]));
  const [first] = keys;
  if (first === undefined) throw new Error("a key ring holds at least one key");
  const [keyId, sealing] = first;
  return {
    keyId,
    seal(plain) {
      const nonce = host.randomBytes(NONCE_BYTES);
      const cipher = createCipheriv("aes-256-gcm", sealing, nonce);
      return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    },
    open(sealed, id) {
      if (id === undefined) return openWithAny(keys.values(), sealed);
      const key = keys.get(id);
      if (key === undefined) throw new Error(`it was sealed with the key ${id}, which is not in the key ring`);
      return openWith(key, sealed);
    },
  };
}

/** `v1`, the id of the key, base64. Early brokers had one key, and wrote base64 alone. */
const SEALED = /^v1\.([0-9a-f]{8})\.([A-Za-z0-9+/=]+)$/;

/** The beginning of each text that this seal has sealed. */
export const sealedPrefix = ({ keyId }: Seal): string => `v1.${keyId}.`;

/** Seals text. The result has no character that JSON would escape. */
export const sealText = (seal: Seal, text: string): string =>
  `${sealedPrefix(seal)}${Buffer.from(seal.seal(Buffer.from(text))).toString("base64")}`;

/** Opens text that `sealText` sealed. @throws Error as `Seal.open` does */
export function openText(seal: Seal, sealed: string): string {
  const [, keyId, body = sealed] = SEALED.exec(sealed) ?? [];
  return Buffer.from(seal.open(Buffer.from(body, "base64"), keyId)).toString("utf8");
}
