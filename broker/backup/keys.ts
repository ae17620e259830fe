import { createCipheriv, createDecipheriv, scrypt } from "node:crypto";
import { FinalError } from "../errors.ts";
import type { Host } from "../host.ts";

/*
 * Each backup has a key of its own. Where the tenant has set a key, the backup's is wrapped by it: 16 bytes of salt, 12 of nonce, the wrapped key,
 * 16 of tag, as base64; AES-256-GCM under scrypt(key, salt) with N = 32768, r = 8, p = 1 (RFC 7914).
 */
const KEY_BYTES = 32;
const SALT_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const COST = { N: 32_768, r: 8, p: 1, maxmem: 64 * 1024 * 1024 } as const;

/** Shorter keys of tenants are refused: they could be guessed. */
export const KEY_CHARS_MIN = 8;
/** Longer ones cost time without any benefit. */
export const KEY_CHARS_MAX = 1024;

/** A new key for one backup. */
export const newDataKey = (host: Host): Uint8Array => host.randomBytes(KEY_BYTES);

const stretch = (host: Host, tenantKey: string, salt: Uint8Array): Promise<Buffer> =>
  host.track(
    new Promise((resolve, reject) => {
      scrypt(tenantKey.normalize("NFC"), salt, KEY_BYTES, COST, (error, key) => (error ? reject(error) : resolve(key)));
    }),
  );

/** Wraps the key of a backup by its tenant's key. */
export async function wrapKey(host: Host, tenantKey: string, dataKey: Uint8Array): Promise<string> {
  const salt = host.randomBytes(SALT_BYTES);
  const nonce = host.randomBytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", await stretch(host, tenantKey, salt), nonce);
  return Buffer.concat([salt, nonce, cipher.update(dataKey), cipher.final(), cipher.getAuthTag()]).toString("base64");
}

/** The key of a backup. @throws FinalError if it was wrapped by another key */
export async function unwrapKey(host: Host, tenantKey: string, wrapped: string): Promise<Uint8Array> {
  const bytes = Buffer.from(wrapped, "base64");
  const nonceAt = SALT_BYTES;
  const keyAt = nonceAt + NONCE_BYTES;
  const tagAt = bytes.length - TAG_BYTES;
  if (tagAt - keyAt !== KEY_BYTES) throw new FinalError("the backup's wrapped key is malformed");
  const decipher = createDecipheriv(
    "aes-256-gcm",
    await stretch(host, tenantKey, bytes.subarray(0, nonceAt)),
    bytes.subarray(nonceAt, keyAt),
  );
  decipher.setAuthTag(bytes.subarray(tagAt));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(keyAt, tagAt)), decipher.final()]);
  } catch {
    throw new FinalError("the backup can't be opened: this is not its key");
  }
}
