import { checkPrimeSync, createPrivateKey, type KeyObject } from "node:crypto";
import type { SecretStream } from "../../../../kernel/index.ts";

/*
 * RSA keys that follow from the cloud's stream of secrets: `node:crypto` only generates keys that nobody can repeat.
 */

/** Bits of each of the two primes of a key. */
const PRIME_BITS = 1024;
/** The public exponent that OpenSSH and OpenSSL use. */
const EXPONENT = 65_537n;

/** The first prime from a drawn odd number on; the two highest bits are set, so that the product of two is full. */
function drawPrime(secrets: SecretStream): bigint {
  const top = 3n << BigInt(PRIME_BITS - 2);
  const drawn = BigInt(`0x${secrets.hex(PRIME_BITS / 4)}`);
  let candidate = drawn | top | 1n;
  while (candidate % EXPONENT === 1n || !checkPrimeSync(candidate)) candidate += 2n;
  return candidate;
}

/** The inverse of `value`, which has no factor in common with the modulus. */
function inverse(value: bigint, modulus: bigint): bigint {
  let [a, b] = [value % modulus, modulus];
  let [x, y] = [1n, 0n];
  while (a > 1n) {
    const quotient = a / b;
    [a, b] = [b, a % b];
    [x, y] = [y, x - quotient * y];
  }
  return ((x % modulus) + modulus) % modulus;
}

const encode = (value: bigint): string => {
  const digits = value.toString(16);
  return Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, "hex").toString("base64url");
};

/** A key of 2048 bits. */
export function drawRsaKey(secrets: SecretStream): KeyObject {
  const [p, q] = [drawPrime(secrets), drawPrime(secrets)];
  const d = inverse(EXPONENT, (p - 1n) * (q - 1n));
  const numbers = { n: p * q, e: EXPONENT, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi: inverse(q, p) };
  const members = Object.entries(numbers).map(([name, value]) => [name, encode(value)]);
  return createPrivateKey({ key: { kty: "RSA", ...Object.fromEntries(members) }, format: "jwk" });
}
