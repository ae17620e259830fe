import { type KeyObject } from "node:crypto";
import { replaceFile } from "../write.ts";
import { badgeSvg } from "./badge.ts";
import { bundleOf, fileText, seal } from "./envelope.ts";
import { CertificateError } from "./errors.ts";
import { type CertificatePaths, certificatePathsIn } from "./files.ts";
import type { Statement } from "./statement.ts";

/** Signs a statement and writes its files. @throws CertificateError CERTIFICATE_CANNOT_WRITE */
export function writeCertificate(dir: string, statement: Statement, key: KeyObject): CertificatePaths {
  const paths = certificatePathsIn(dir);
  const envelope = seal(JSON.stringify(statement), key);
  try {
    replaceFile(paths.envelope, fileText(envelope));
    replaceFile(paths.bundle, fileText(bundleOf(envelope)));
    replaceFile(paths.badge, badgeSvg(statement.predicate.drydock_certificate));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CertificateError("CERTIFICATE_CANNOT_WRITE", why, { cause });
  }
  return paths;
}
