/**
 * The errors that prevent a registry from being read or indexed, each with its remedy. The user can fix all
 * of them; they end with exit code 2.
 */
export const REGISTRY_ERRORS = {
  REGISTRY_NOT_FOUND: "name a folder that holds the folders keys and submissions (docs/certification.md)",
  REGISTRY_BAD_SUITES: 'write it as {"drydock VERSION": {"SUITE": "DIGEST"}}',
  REGISTRY_CANNOT_WRITE: "choose a writable folder",
} as const;

/** An error that the user can fix: one line that says how. */
export class RegistryError extends Error {
  readonly code: keyof typeof REGISTRY_ERRORS;

  constructor(code: keyof typeof REGISTRY_ERRORS, what: string, options?: ErrorOptions) {
    super(`${what} (${code}: ${REGISTRY_ERRORS[code]})`, options);
    this.name = "RegistryError";
    this.code = code;
  }
}
