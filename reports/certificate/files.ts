import { rmSync } from "node:fs";
import { join } from "node:path";

/** The files of a certificate: the envelope, the same signature for tools of the sigstore family, and the badge. */
export const CERTIFICATE_FILES = {
  envelope: "certificate.json",
  bundle: "certificate.sigstore.json",
  badge: "badge.svg",
} as const;

/** The path of each file. */
export type CertificatePaths = Readonly<Record<keyof typeof CERTIFICATE_FILES, string>>;

/** The paths of a certificate's files in a folder. */
export function certificatePathsIn(dir: string): CertificatePaths {
  const { envelope, bundle, badge } = CERTIFICATE_FILES;
  return { envelope: join(dir, envelope), bundle: join(dir, bundle), badge: join(dir, badge) };
}

/** Removes the certificate of an earlier run from the folder of a new one. */
export function removeCertificate(dir: string): void {
  for (const path of Object.values(certificatePathsIn(dir))) rmSync(path, { force: true });
}
