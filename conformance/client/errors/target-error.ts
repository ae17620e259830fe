/** The reasons why a run could not be carried out, each with its remedy. All lead to exit code 2. */
export const TARGET_ERRORS = {
  "bad-url": "The URL is not an http or https URL: give one like http://127.0.0.1:3000.",
  "bad-file": "drydock.yml cannot be used: mend the line that is named.",
  "bad-baseline": "The baseline cannot be used: mend the entry that is named.",
  "bad-profile": "Use one from osb-2.11 to osb-2.17.",
  unreachable: "The broker cannot be reached: is it running, and is the address right?",
  tls: "The broker's certificate is not trusted: pass the authority that signed it (--ca FILE).",
  redirected: "The broker answers with a redirect, which is not followed: pass the final URL.",
  unauthorized: "The broker refuses the credentials: check user name and password, or the token.",
  "version-refused": "The broker refuses this version of the API: choose another one (--profile).",
  "no-catalog": "GET /v2/catalog does not answer 200: is this the base URL of a service broker?",
  "not-json": "The catalog is not JSON: is this the base URL of a service broker?",
  "not-a-catalog": "The catalog is JSON, but not an object with a list of services.",
  "no-answer": "The broker does not answer in time.",
  "too-large": "The answer is larger than is read.",
  "no-such-service": "Name services and plans of the catalog, by name or id.",
  "no-such-check": "Name checks by their ids, a * for any characters.",
  lost: "The broker stopped answering in the middle of the run.",
} as const;

/** The code of an error, at the end of its message. */
export type TargetErrorCode = keyof typeof TARGET_ERRORS;

/** Text that may come from the broker is cut to this length. */
const SEEN_CHARS_MAX = 300;

/** The target can't be tested. `message` is one line: what happened, and what to do. */
export class TargetError extends Error {
  readonly code: TargetErrorCode;
  readonly exitCode = 2;
  /** The event in one line, without the advice. */
  readonly seen: string;
  constructor(code: TargetErrorCode, seen: string, options?: ErrorOptions) {
    const line = seen
      .replaceAll(/\s+/g, " ")
      .replaceAll(/[\p{Cc}\p{Cf}]/gu, "�")
      .trim()
      .slice(0, SEEN_CHARS_MAX);
    super(`${line}. ${TARGET_ERRORS[code]} [${code}]`, options);
    this.name = "TargetError";
    this.code = code;
    this.seen = line;
  }
}
