import { generateKeyPair } from "node:crypto";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { isObject } from "../kernel/index.ts";

/** PEM throughout. */
interface SigningKeys {
  readonly privateKey: string;
  readonly publicKey: string;
}

/** PEM throughout. */
export interface TlsKeys {
  /** The CA that clients must trust, for `BOSH_CA_CERT`. */
  readonly ca: string;
  readonly key: string;
  readonly cert: string;
}

/** The keys of a live cloud, for signatures and TLS. They are not part of any world's history. */
export interface LiveKeys {
  readonly signing: SigningKeys;
  readonly tls: TlsKeys;
  /** The addresses that the certificate is for. */
  readonly addresses: readonly string[];
  /** When the certificate ends, ms since the Unix epoch. */
  readonly untilMs: number;
}

const makePair = promisify(generateKeyPair);

/** The key with which UAA signs its tokens (RS256). */
function makeSigningKeys(): Promise<SigningKeys> {
  return makePair("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
}

/** Keys for clouds whose director is at one of these addresses. */
export async function makeKeys(addresses: readonly string[], nowMs: number): Promise<LiveKeys> {
  const untilMs = nowMs + VALID_DAYS * DAY_MS;
  const [signing, tls] = await Promise.all([makeSigningKeys(), makeTlsKeys(addresses, nowMs, untilMs)]);
  return { signing, tls, addresses, untilMs };
}

/**
 * The keys in a file that only its owner can read. Where it holds none that fit, new ones are made and kept there. So a cloud is ready
 * sooner, and its clients need no new CA each time.
 */
export async function loadKeys(path: string, addresses: readonly string[], nowMs: number): Promise<LiveKeys> {
  const kept = await readKeys(path);
  const fits =
    kept !== undefined && kept.untilMs - nowMs > DAY_MS && addresses.every((each) => kept.addresses.includes(each));
  if (fits) return kept;
  const made = await makeKeys(addresses, nowMs);
  const draft = `${path}.${process.pid}`;
  // Removed first: writing to an existing file would keep its mode.
  await rm(draft, { force: true });
  await writeFile(draft, JSON.stringify(made), { mode: 0o600, flag: "wx" });
  await rename(draft, path);
  return made;
}

async function readKeys(path: string): Promise<LiveKeys | undefined> {
  try {
    const read: unknown = JSON.parse(await readFile(path, "utf8"));
    return isKeys(read) ? read : undefined;
  } catch {
    // None exist yet, or none can be read: new ones are made.
    return undefined;
  }
}

const hasTexts = (value: unknown, ...names: readonly string[]): boolean =>
  isObject(value) && names.every((name) => typeof value[name] === "string");

const isKeys = (value: unknown): value is LiveKeys =>
  isObject(value) &&
  hasTexts(value.signing, "privateKey", "publicKey") &&
  hasTexts(value.tls, "ca", "key", "cert") &&
  Array.isArray(value.addresses) &&
  typeof value.untilMs === "number";

const VALID_DAYS = 365;
const DAY_MS = 86_400_000;

/**
 * A CA and a certificate for these addresses. RSA, because clients of the director that speak TLS 1.2 offer nothing that an
 * ECDSA key could answer; addresses as SAN, because Go ignores the common name.
 */
async function makeTlsKeys(addresses: readonly string[], nowMs: number, untilMs: number): Promise<TlsKeys> {
  // Loaded only here, so that a start with kept keys does not wait for it.
  const { generate } = await import("selfsigned");
  const validity = {
    notBeforeDate: new Date(nowMs - DAY_MS),
    notAfterDate: new Date(untilMs),
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
