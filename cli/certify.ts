import {
  type AnySuite,
  backupSuite,
  certify,
  type CertifyOptions,
  type CertifySummary,
  isolationSuite,
  osbSuite,
  parseBaseline,
  resolverAt,
  socketPlane,
} from "../conformance/index.ts";
import { AGENT_PORT } from "../simulators/addresses.ts";
import { UserError } from "./errors.ts";
import { fileText, interruptible, openSession } from "./session.ts";

/** What the command line of `certify` gives. */
export interface CertifyCommandOptions {
  readonly username?: string;
  readonly password?: string;
  readonly token?: string;
  readonly ca?: string;
  readonly profile?: string;
  readonly suite?: string;
  readonly service?: string;
  readonly plan?: string;
  readonly only?: string;
  readonly config?: string;
  readonly baseline?: string;
  readonly jobs: number;
  readonly maxInstances: number;
  readonly timeout?: number;
  readonly out?: string;
  readonly json?: boolean;
  readonly version: string;
}

export const SUITES: Readonly<Record<string, AnySuite>> = {
  osb: osbSuite,
  backup: backupSuite,
  isolation: isolationSuite,
};

/** @throws UserError CLI_BAD_OPTION */
export function suitesNamed(names: string): readonly AnySuite[] {
  return names.split(",").map((name) => {
    const suite = SUITES[name.trim()];
    if (suite === undefined)
      throw new UserError("CLI_BAD_OPTION", `--suite ${name}: there are ${Object.keys(SUITES).join(", ")}`);
    return suite;
  });
}

const list = (text: string | undefined): readonly string[] | undefined => text?.split(",").map((each) => each.trim());

/** A word as a POSIX shell takes it. */
const word = (text: string): string => (/^[\w./:@,=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

/** The line that runs it again; the secret stays in the environment. */
function commandLine(url: string | undefined, options: CertifyCommandOptions): string {
  const { username, profile, suite, service, plan, only, config, baseline } = options;
  const flags = Object.entries({ username, profile, suite, service, plan, only, config, baseline });
  const given = flags.flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, word(value)]));
  return ["npx drydock certify", ...(url === undefined ? [] : [word(url)]), ...given].join(" ");
}

/** What both kinds of target have in common. @throws UserError, TargetError */
export function certifyOptions(url: string, options: CertifyCommandOptions): Omit<CertifyOptions, "suites"> {
  const { profile, service, plan, jobs, maxInstances, timeout } = options;
  const only = list(options.only);
  const file = fileText(options.config, "drydock.yml");
  const baseline = fileText(options.baseline);
  return {
    url,
    jobs,
    maxInstances,
    toolVersion: options.version,
    ...(profile !== undefined && { profile }),
    ...(service !== undefined && { service }),
    ...(plan !== undefined && { plan }),
    ...(only !== undefined && { only }),
    ...(file !== undefined && { file }),
    ...(baseline !== undefined && { baseline: parseBaseline(baseline) }),
    ...(timeout !== undefined && { limits: { exchangeMs: timeout * 1000 } }),
  };
}

function loginOf(options: CertifyCommandOptions): Pick<CertifyOptions, "username" | "password" | "bearerToken" | "ca"> {
  const password = options.password ?? process.env["DRYDOCK_PASSWORD"];
  const ca = fileText(options.ca);
  return {
    ...(options.username !== undefined && { username: options.username }),
    ...(password !== undefined && { password }),
    ...(options.token !== undefined && { bearerToken: options.token }),
    ...(ca !== undefined && { ca }),
  };
}

/** Inside `drydock exec` and `eval "$(drydock env)"`, names of bindings are those of that cloud; a drydock.yml knows better. */
function dataInCloud({ file }: Pick<CertifyOptions, "file">): Pick<CertifyOptions, "data"> {
  const dns = process.env["DRYDOCK_DNS"];
  if (dns === undefined || file !== undefined) return {};
  const inCloud = { source: "127.0.0.1", stranger: "127.0.0.2", tenant: "instance", platformPorts: [AGENT_PORT] };
  return { data: socketPlane({ resolve: resolverAt(dns), ...inCloud }) };
}

/** Certifies and tells; answers with the summary. */
export async function certifyAndTell(
  options: CertifyOptions,
  shown: { readonly out?: string | undefined; readonly json?: boolean | undefined },
): Promise<CertifySummary> {
  const session = openSession(shown);
  try {
    return await certify(options, session.emit);
  } finally {
    session.finish();
  }
}

/** `drydock certify [url]`. Answers with the exit code. */
export async function certifyCommand(url: string | undefined, options: CertifyCommandOptions): Promise<number> {
  const command = commandLine(url, options);
  return interruptible(async (signal) => {
    if (url === undefined) {
      const { certifyReference } = await import("./reference.ts");
      return certifyReference({ ...options, command, signal });
    }
    const suites = suitesNamed(options.suite ?? "osb");
    const target = { ...certifyOptions(url, options), ...loginOf(options) };
    const summary = await certifyAndTell({ ...target, ...dataInCloud(target), suites, signal, command }, options);
    return summary.exitCode;
  });
}
