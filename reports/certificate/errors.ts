/**
 * The errors that prevent a certificate from being made or read, each with its remedy. The user can fix all
 * of them; they end with exit code 2.
 */
export const CERTIFICATE_ERRORS = {
  CERTIFICATE_NO_KEY: "name a PEM file that holds an Ed25519 key; drydock keygen creates a pair",
  CERTIFICATE_NO_FILE: "name a certificate that drydock wrote: certificate.json or certificate.sigstore.json",
  CERTIFICATE_NO_RUN: "only a finished run against a broker can be certified; run certify again",
  CERTIFICATE_BAD_IMAGE: "give an image with its digest, as NAME@sha256:… with 64 hexadecimal digits",
  CERTIFICATE_KEY_EXISTS: "a key is never overwritten; choose another name, or remove the old one yourself",
  CERTIFICATE_CANNOT_WRITE: "choose a writable place",
} as const;

/** An error that the user can fix: one line that says how. */
export class CertificateError extends Error {
  readonly code: keyof typeof CERTIFICATE_ERRORS;

  constructor(code: keyof typeof CERTIFICATE_ERRORS, what: string, options?: ErrorOptions) {
    super(`${what} (${code}: ${CERTIFICATE_ERRORS[code]})`, options);
    this.name = "CertificateError";
    this.code = code;
  }
}
