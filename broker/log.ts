import { keyRingOf } from "./config.ts";
import type { Settings } from "./settings.ts";
import { parseDatabaseUrl } from "./store/hosts.ts";

/** Writes one line of JSON. It leaves out secrets of the settings, and whatever looks like a secret that the broker made. */
export type Log = (event: string, data: Readonly<Record<string, unknown>>) => void;

/** Everything that the broker draws as a secret is this long or longer, in hexadecimal digits. */
const DRAWN = /[0-9a-f]{40,}/gi;
const HIDDEN = "[secret]";

function secretsIn({ broker, databaseUrl }: Settings): readonly string[] {
  const { credentials, admin, director, openstack } = broker;
  return [
    credentials.password,
    admin.password,
    broker.dashboard?.clientSecret ?? "",
    director.clientSecret,
    openstack.password,
    ...keyRingOf(broker),
    ...(databaseUrl === undefined ? [] : secretsOfUrl(databaseUrl)),
  ].filter((secret) => secret !== "");
}

const secretsOfUrl = (url: string): readonly string[] => [
  url,
  ...parseDatabaseUrl(url).urls.flatMap((each) => [each, decodeURIComponent(new URL(each).password)]),
];

/**
 * Makes a log on standard output.
 *
 * @param write takes one line, with its end
 */
export function createLog(
  settings: Settings,
  write: (line: string) => void = (line) => void process.stdout.write(line),
): Log {
  const secrets = secretsIn(settings);
  const hide = (text: string): string =>
    secrets.reduce((hidden, secret) => hidden.replaceAll(secret, HIDDEN), text).replace(DRAWN, HIDDEN);
  return (event, data) => {
    const shown = Object.entries(data).map(([name, value]) => [name, typeof value === "string" ? hide(value) : value]);
    write(`${JSON.stringify({ time: new Date().toISOString(), event, ...Object.fromEntries(shown) })}\n`);
  };
}
