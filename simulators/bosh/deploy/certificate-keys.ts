import { createECDH, createHash, createPrivateKey, hash, type KeyObject } from "node:crypto";
import type { Director } from "../state/director.ts";

/*
 * Keys and signatures derived from the world's secrets, so that the same world always has the same ones. They
 * are on P-256, where CredHub makes RSA keys.
 */

/** The order of the group P-256 (FIPS 186-5, SP 800-186). */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const KEY_HEX_DIGITS = 64;

const toNumber = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
const toBytes = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(KEY_HEX_DIGITS, "0"), "hex");

/** A P-256 private key from secret digits: more of them than it needs, so that all keys are equally likely. */
export function makeKey(director: Director): KeyObject {
  const drawn = BigInt(`0x${director.kernel.secrets("bosh/variables").hex(KEY_HEX_DIGITS + 16)}`);
  const secret = toBytes((drawn % (ORDER - 1n)) + 1n);
  const point = pointOf(secret);
  const half = (from: number): string => point.subarray(from, from + 32).toString("base64url");
  const jwk = { kty: "EC", crv: "P-256", d: secret.toString("base64url"), x: half(1), y: half(33) };
  return createPrivateKey({ key: jwk, format: "jwk" });
}

function pointOf(secret: Buffer): Buffer {
  const curve = createECDH("prime256v1");
  curve.setPrivateKey(secret);
  return curve.getPublicKey();
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let [square, rest] = [base % ORDER, exponent]; rest > 0n; rest >>= 1n, square = (square * square) % ORDER)
    if (rest & 1n) result = (result * square) % ORDER;
  return result;
}

/**
 * ECDSA (FIPS 186-5, section 6.4.1) with a nonce derived from key and message, where node:crypto would draw
 * it from the machine's entropy. In DER.
 */
export function signWith(key: KeyObject, message: Uint8Array): Buffer {
  const secret = Buffer.from(key.export({ format: "jwk" }).d ?? "", "base64url");
  const digest = hash("sha256", message, "buffer");
  const wide = createHash("sha512").update("nonce of a signature").update(secret).update(digest).digest();
  const nonce = (toNumber(wide) % (ORDER - 1n)) + 1n;
  const r = toNumber(pointOf(toBytes(nonce)).subarray(1, 33)) % ORDER;
  const s = (power(nonce, ORDER - 2n) * (toNumber(digest) + r * toNumber(secret))) % ORDER;
  return derSignature(r, s);
}

const derInteger = (value: bigint): Buffer => {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
  const body = (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes;
  return Buffer.concat([Buffer.from([2, body.length]), body]);
};

function derSignature(r: bigint, s: bigint): Buffer {
  const body = Buffer.concat([derInteger(r), derInteger(s)]);
  return Buffer.concat([Buffer.from([0x30, body.length]), body]);
}

/** The object identifier of its algorithm (RFC 5758, section 3.2). */
export const ECDSA_SHA256 = "1.2.840.10045.4.3.2";
