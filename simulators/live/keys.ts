import { generateKeyPair } from "node:crypto";
import { promisify } from "node:util";
import { generate } from "selfsigned";

/** PEM throughout. */
export interface SigningKeys {
  readonly privateKey: string;
  readonly publicKey: string;
}

export interface TlsKeys {
  /** What clients must trust: `BOSH_CA_CERT`. */
  readonly ca: string;
  readonly key: string;
  readonly cert: string;
}

const makePair = promisify(generateKeyPair);

let signing: Promise<SigningKeys> | undefined;

/** The key with which UAA signs its tokens (RS256). One for the process: it is no part of any world's history. */
export function signingKeys(): Promise<SigningKeys> {
  signing ??= makePair("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  return signing;
}

const DAY_MS = 86_400_000;

/**
 * A CA and a certificate for these addresses. RSA, because clients of the director that speak TLS 1.2 offer nothing that an
 * ECDSA key could answer; addresses as SAN, because Go ignores the common name.
 */
export async function tlsKeys(addresses: readonly string[], nowMs: number): Promise<TlsKeys> {
  const validity = {
    notBeforeDate: new Date(nowMs - DAY_MS),
    notAfterDate: new Date(nowMs + 365 * DAY_MS),
    algorithm: "sha256",
    keySize: 2048,
  };
  const ca = await generate([{ name: "commonName", value: "drydock CA" }], {
    ...validity,
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const leaf = await generate([{ name: "commonName", value: addresses[0] ?? "127.0.0.1" }], {
    ...validity,
    ca: { key: ca.private, cert: ca.cert },
    extensions: [
      { name: "basicConstraints", cA: false },
      { name: "extKeyUsage", serverAuth: true },
      {
        name: "subjectAltName",
        altNames: [{ type: 2, value: "localhost" }, ...addresses.map((ip) => ({ type: 7 as const, ip }))],
      },
    ],
  });
  return { ca: ca.cert, key: leaf.private, cert: leaf.cert };
}
