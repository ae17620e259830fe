import { existsSync, writeFileSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import { offersOf, type Offer } from "../../conformance/client/catalog.ts";
import { readServices } from "../../conformance/runner/read-services.ts";
import { parseDrydockFile } from "../../conformance/settings/drydock-file.ts";
import { EXIT, UserError } from "../errors.ts";
import { draftFile } from "./draft.ts";
import { type Answers, ask } from "./questions.ts";

/** The options of `init`. */
interface InitOptions {
  readonly username?: string;
  readonly out: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

/** The terminal at which `init` asks, if there is one. */
interface Terminal {
  readonly input: Readable & { readonly isTTY?: boolean };
  readonly output: Writable;
}

async function offersAt({ url, username }: Answers): Promise<readonly Offer[]> {
  if (url === undefined) return [];
  const password = process.env["DRYDOCK_PASSWORD"];
  const token = username === undefined ? process.env["DRYDOCK_TOKEN"] : undefined;
  const login = {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(token !== undefined && { bearerToken: token }),
  };
  return offersOf(await readServices({ url, ...login }));
}

function write(path: string, text: string, force: boolean): void {
  if (existsSync(path) && !force) throw new UserError("CLI_FILE_EXISTS", `${path} exists`);
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw new UserError("CLI_CAN_NOT_WRITE", `${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/**
 * `drydock init [URL]`: drafts a drydock.yml from a broker's catalog. Without a URL it asks, at a terminal, and drafts an empty one
 * elsewhere. Returns the exit code.
 *
 * @throws UserError CLI_FILE_EXISTS, CLI_CAN_NOT_WRITE, CLI_NO_ANSWER
 * @throws TargetError if the catalog can't be read
 */
export async function init(
  url: string | undefined,
  { username, out, force = false, json = false }: InitOptions,
  { input, output }: Terminal = { input: process.stdin, output: process.stderr },
): Promise<number> {
  if (existsSync(out) && !force) throw new UserError("CLI_FILE_EXISTS", `${out} exists`);
  const known = { ...(url !== undefined && { url }), ...(username !== undefined && { username }) };
  const answers = url === undefined && input.isTTY === true ? await ask(known, input, output) : known;
  const offers = await offersAt(answers);
  const text = draftFile({ offers, ...answers });
  // The file must be readable again.
  const { parameters } = parseDrydockFile(text);
  write(out, text, force);
  const plans = offers.map(({ service, plan }) => `${service.name}/${plan.name}`);
  const filled = Object.keys(parameters);
  const needs = filled.length === 0 ? "" : `; check the invented parameters of ${filled.join(", ")}`;
  console.log(json ? JSON.stringify({ file: out, plans, parameters }) : `${out} is written${needs}`);
  return EXIT.ok;
}
