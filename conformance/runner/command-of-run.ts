import type { SpecMinor } from "../client/spec-version.ts";
import { commandLine } from "./command.ts";
import type { CertifyOptions } from "./options.ts";
import type { Selection } from "./selection.ts";

/** The line that does the same as a run with these options. */
export function commandOf(options: CertifyOptions, { suites }: Selection, minor: SpecMinor): string {
  const { url, username, service, plan, only, plans, maxInstances, maxTimeMs, limits } = options;
  return commandLine(url, {
    ...(username !== undefined && { username }),
    profile: `osb-2.${minor}`,
    suite: suites.map(({ name }) => name).join(","),
    service,
    plan,
    only: only?.join(","),
    plans,
    "max-instances": maxInstances,
    "max-operation": limits?.operationMsMax === undefined ? undefined : limits.operationMsMax / 1000,
    "max-time": maxTimeMs === undefined ? undefined : maxTimeMs / 60_000,
  });
}
