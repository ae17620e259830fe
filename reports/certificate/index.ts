/** Certificates: a run's verdicts, signed, and their verification. */
export { badgeSvg } from "./badge.ts";
export { sha256, suiteDigest } from "./derive.ts";
export { CERTIFICATE_ERRORS, CertificateError } from "./errors.ts";
export { explainCertificate, levelInWords } from "./explain.ts";
export { CERTIFICATE_FILES, type CertificatePaths, removeCertificate } from "./files.ts";
export { generateKeys, keyIdOf, parsePrivateKey, parsePublicKey } from "./keys.ts";
export { type CertificateInput, makeStatement, parseImage } from "./make.ts";
export type { Certificate, Statement } from "./statement.ts";
export { REFUSALS, type Refusal, type Verification, verifyCertificate, type VerifyOptions } from "./verify.ts";
export { writeCertificate } from "./write.ts";
