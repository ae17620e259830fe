import type { InstanceCertificate } from "./manifest.ts";

const VALID_DAYS = 3650;
const DAY_MS = 86_400_000;

/**
 * An authority for one instance alone, and a certificate for its names, so that no instance can pass for another. The authority's key is thrown
 * away. The keys come from the machine's own entropy.
 *
 * @param names DNS names; the first one is the subject
 */
export async function makeCertificate(names: readonly string[], nowMs: number): Promise<InstanceCertificate> {
  // Only instances that speak TLS need it.
  const { generate } = await import("selfsigned");
  const validity = {
    notBeforeDate: new Date(nowMs - DAY_MS),
    notAfterDate: new Date(nowMs + VALID_DAYS * DAY_MS),
    keyType: "ec",
    curve: "P-256",
    algorithm: "sha256",
  } as const;
  const ca = await generate([{ name: "commonName", value: `CA of ${names[0]}`.slice(0, COMMON_NAME_CHARS_MAX) }], {
    ...validity,
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const leaf = await generate([{ name: "commonName", value: (names[0] ?? "").slice(0, COMMON_NAME_CHARS_MAX) }], {
    ...validity,
    ca: { key: ca.private, cert: ca.cert },
    extensions: [
      { name: "basicConstraints", cA: false },
      { name: "extKeyUsage", serverAuth: true },
      { name: "subjectAltName", altNames: names.map((value) => ({ type: 2 as const, value })) },
    ],
  });
  return { ca: ca.cert, certificate: leaf.cert, privateKey: leaf.private };
}

/** RFC 5280, ub-common-name. */
const COMMON_NAME_CHARS_MAX = 64;
