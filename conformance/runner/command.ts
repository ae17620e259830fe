import { quoteForShell } from "../client/http/shell.ts";
import type { SpecMinor } from "../client/spec-version.ts";
import type { CertifyOptions } from "./options.ts";
import type { AnySuite } from "./suite.ts";
import { INVOCATION } from "./tool.ts";

/** A word as a POSIX shell takes it, in quotes only where it needs them. */
const quote = (text: string): string => (/^[\w./:@,=-]+$/.test(text) ? text : quoteForShell(text));

/** A URL may carry a user and a password; lines that are shown carry the user alone, as a flag. */
function withoutSecret(text: string): { url: string; username?: string } {
  const url = URL.parse(text);
  if (url === null || (url.username === "" && url.password === "")) return { url: text };
  const username = decodeURIComponent(url.username);
  [url.username, url.password] = ["", ""];
  return { url: url.href.replace(/\/$/, ""), ...(username !== "" && { username }) };
}

/** Options of `drydock certify` by their long names; what is undefined was not given. */
export type Flags = Readonly<Record<string, string | number | undefined>>;

/** The line that runs `drydock certify` again, as it was narrowed; secrets stay in the environment. */
export function commandLine(target: string | undefined, flags: Flags): string {
  const { url, ...user } = target === undefined ? {} : withoutSecret(target);
  const given = Object.entries({ ...user, ...flags }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, quote(String(value))],
  );
  return [INVOCATION, "certify", ...(url === undefined ? [] : [quote(url)]), ...given].join(" ");
}

/** The command that repeats this certification, against the same version. */
export function lineThatRepeats(options: CertifyOptions, minor: SpecMinor, suites: readonly AnySuite[]): string {
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
