import type { HttpTarget } from "../scenarios/load/transport.ts";
import { parseDuration } from "../scenarios/load/quantities.ts";
import { basicHeader } from "../simulators/kernel/index.ts";
import { UserError } from "./errors.ts";
import { readNamedFile } from "./session.ts";

/** How an external broker is reached. */
export interface TargetOptions {
  readonly target: string;
  readonly username?: string;
  readonly password?: string;
  readonly token?: string;
  readonly ca?: string;
  readonly timeout?: string;
  readonly connections?: number;
}

const API_VERSION = "2.17";
const TIMEOUT = "60s";

/** Reads how a broker is reached; secrets may be in the environment. @throws UserError CLI_BAD_OPTION, CLI_NO_FILE */
export function targetOf(options: TargetOptions): HttpTarget {
  const { target, username, ca, timeout = TIMEOUT, connections } = options;
  if (!URL.canParse(target) || !/^https?:/.test(target))
    throw new UserError("CLI_BAD_OPTION", `--target ${target}: no URL of HTTP`);
  const password = options.password ?? process.env["DRYDOCK_PASSWORD"] ?? "";
  const token = options.token ?? (username === undefined ? process.env["DRYDOCK_TOKEN"] : undefined);
  const authorization =
    username !== undefined ? basicHeader(username, password) : token !== undefined ? `Bearer ${token}` : undefined;
  const pem = readNamedFile(ca);
  return {
    url: target,
    headers: {
      "x-broker-api-version": API_VERSION,
      "content-type": "application/json",
      ...(authorization !== undefined && { authorization }),
    },
    timeoutMs: parseDuration(timeout),
    ...(pem !== undefined && { ca: pem }),
    ...(connections !== undefined && { connections }),
  };
}
