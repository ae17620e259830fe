import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { CertificateError } from "./errors.ts";

/** A new pair of Ed25519 keys, as PEM: PKCS#8 and SubjectPublicKeyInfo, which OpenSSL, Go and Python all read. */
export function generateKeys(): { readonly privatePem: string; readonly publicPem: string } {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519", {
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  return { privatePem: privateKey, publicPem: publicKey };
}

function parseKey(pem: string, where: string, parse: (pem: string) => KeyObject): KeyObject {
  let key: KeyObject;
  try {
    key = parse(pem);
  } catch (cause) {
    throw new CertificateError("CERTIFICATE_NO_KEY", `${where} holds no Ed25519 key in PEM`, { cause });
  }
  if (key.asymmetricKeyType === "ed25519") return key;
  throw new CertificateError("CERTIFICATE_NO_KEY", `${where} holds a key for ${key.asymmetricKeyType}, not Ed25519`);
}

/** The key to sign with. @throws CertificateError CERTIFICATE_NO_KEY */
export const parsePrivateKey = (pem: string, where: string): KeyObject => parseKey(pem, where, createPrivateKey);

/** The key to verify with. A private key would do, but must not be passed around. @throws CertificateError CERTIFICATE_NO_KEY */
export function parsePublicKey(pem: string, where: string): KeyObject {
  if (pem.includes("PRIVATE KEY"))
    throw new CertificateError("CERTIFICATE_NO_KEY", `${where} holds a private key; verify with the public one`);
  return parseKey(pem, where, createPublicKey);
}

/** The public half of a key. */
const publicHalf = (key: KeyObject): KeyObject => (key.type === "private" ? createPublicKey(key) : key);

const PUBLIC_KEY_BYTES = 32;

/** The 32 bytes of a public Ed25519 key, in hexadecimal digits: they end its SubjectPublicKeyInfo. */
function rawHex(key: KeyObject): string {
  const spki = publicHalf(key).export({ type: "spki", format: "der" });
  return spki.subarray(spki.length - PUBLIC_KEY_BYTES).toString("hex");
}

/**
 * The id of a key: SHA-256 of its canonical JSON. It is the id that securesystemslib (Python) derives from a key, which ignores signatures with any
 * other id.
 */
export function keyIdOf(key: KeyObject): string {
  const canonical = `{"keytype":"ed25519","keyval":{"public":"${rawHex(key)}"},"scheme":"ed25519"}`;
  return createHash("sha256").update(canonical).digest("hex");
}
