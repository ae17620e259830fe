import { TargetError } from "../conformance/client/errors/target-error.ts";

/** Exit codes of every command, as documented in --help. */
export const EXIT = { ok: 0, notConformant: 1, couldNotRun: 2, interrupted: 130 } as const;

/** An error that the user can fix: one line, exit 2. Anything else that is thrown is a defect of drydock, which --debug locates. */
export const USER_ERRORS = {
  CLI_PORT_TAKEN: "stop what listens there, or choose another block with --block",
  CLI_NO_COMMAND: "give a command after --, for example: drydock exec -- npm test",
  CLI_NO_CLOUD: "start one with: drydock up",
  CLI_CLOUD_NAME: "a name has letters, digits and dashes, and belongs to one cloud at a time: drydock list",
  CLI_WHICH_CLOUD: "name one of them: drydock list",
  CLI_NOT_DETACHED: "it is tied to the terminal at which it was started; start it with drydock up --detach",
  CLI_DID_NOT_START: "its output says why",
  CLI_DID_NOT_END: "end it by its process id",
  CLI_STATE_FOLDER:
    "this folder must belong to you and be closed to others (chmod 700), or name another with XDG_RUNTIME_DIR",
  CLI_COMMAND_NOT_FOUND: "the command could not be started",
  CLI_BAD_OPTION: "see drydock --help",
  CLI_UNKNOWN_SCENARIO: "drydock run --list names the scenarios",
  CLI_NO_QUEUE: "name a PostgreSQL that answers with --queue postgres://USER@HOST/DATABASE",
  CLI_BAD_SCENARIO: "export default defineScenario({…}), as docs/own-scenarios.md shows",
  CLI_NO_REPORT: "name a folder or a run.jsonl that drydock wrote with --out",
  CLI_NO_FILE: "name a file that can be read",
  CLI_FILE_EXISTS: "name another with --out, or replace it with --force",
  CLI_NO_ANSWER: "answer at the terminal, or give the URL of the broker: drydock init URL",
  CLI_CAN_NOT_WRITE: "choose a writable folder with --out",
} as const;

/** An error that the user can fix; its message is one line that says how. */
export class UserError extends Error {
  readonly code: keyof typeof USER_ERRORS;

  constructor(code: keyof typeof USER_ERRORS, what: string) {
    super(`${what} (${code}: ${USER_ERRORS[code]})`);
    this.name = "UserError";
    this.code = code;
  }
}

/** Prefixes of the catalogued errors of all rooms: each has a code and a one-line message. */
const CATALOGUED = /^(TARGET|CONFIG|REPORT|STREAM|BROKER|CLI|FAULT|LIVE|NET|CERTIFICATE|REGISTRY|SUITE|LOAD|DATA)_/;

function isUsers(error: unknown): error is Error {
  if (error instanceof TargetError) return true;
  return error instanceof Error && "code" in error && typeof error.code === "string" && CATALOGUED.test(error.code);
}

/** Prints why a command could not run, in one line unless `debug`. Returns the exit code. */
export function explain(error: unknown, debug: boolean): number {
  const message = error instanceof Error ? error.message : String(error);
  if (debug && error instanceof Error) console.error(error.stack);
  else if (isUsers(error)) console.error(`drydock: ${message.split("\n")[0]}`);
  else
    console.error(
      `drydock: unexpected: ${message.split("\n")[0]} (a defect of drydock itself; run again with drydock --debug … for the place)`,
    );
  return EXIT.couldNotRun;
}
