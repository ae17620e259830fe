// Not from the index of the room, which also loads what proves the suites.
import { certify } from "../conformance/certify.ts";
import { suggestionsFor } from "../conformance/client/errors/nearest.ts";
import { resolverAt, socketPlane } from "../conformance/data/sockets.ts";
import type { Acceptance, AnySuite, CertifyOptions, CertifySummary, RunEvent } from "../conformance/runner/index.ts";
import { commandLine } from "../conformance/runner/command.ts";
import { SUITES } from "../conformance/suites/suites.ts";
import type { WrittenReports } from "../reports/index.ts";
import { AGENT_PORT } from "../simulators/addresses.ts";
import { DEFAULTS } from "./defaults.ts";
import { UserError } from "./errors.ts";
import { openSession, readNamedFile } from "./session.ts";

/** The options of `certify`. */
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
  readonly plans: "first" | "all";
  /** In seconds. */
  readonly timeout?: number;
  /** In seconds. */
  readonly maxOperation: number;
  /** In minutes. */
  readonly maxTime?: number;
  readonly out?: string;
  readonly json?: boolean;
  readonly evidence?: boolean;
  readonly quiet?: boolean;
  /** Serve a live page of the run. */
  readonly ui?: boolean;
  /** PEM file of the key that signs a certificate. */
  readonly sign?: string;
  readonly targetVersion?: string;
  /** `NAME@sha256:…`. */
  readonly image?: string;
  /** False: failures that the baseline accepts count nonetheless. */
  readonly waivers?: boolean;
  readonly version: string;
}

/** The same, for one run. */
export interface CertifyRunOptions extends CertifyCommandOptions {
  /** The command line that runs it again. */
  readonly command: string;
  readonly signal: AbortSignal;
  /** Gets each event of the run besides the reports. */
  readonly watch?: (event: RunEvent) => void;
}

/** The suites of a comma-separated list. @throws UserError CLI_BAD_OPTION */
export function findSuites(names: string): readonly AnySuite[] {
  return names.split(",").map((given) => {
    const name = given.trim();
    const suite = Object.values(SUITES).find((each) => each.name === name);
    if (suite !== undefined) return suite;
    const known = Object.keys(SUITES);
    const near = suggestionsFor(name, known);
    throw new UserError("CLI_BAD_OPTION", `no such suite: "${name}" (--suite)${near}; there are ${known.join(", ")}`);
  });
}

const splitList = (text: string | undefined): readonly string[] | undefined =>
  text?.split(",").map((each) => each.trim());

/** The command line that runs it again, without the secret, which stays in the environment. */
export function commandFor(url: string | undefined, options: CertifyCommandOptions): string {
  const { username, ca, profile, suite, service, plan, only, config, baseline, timeout, maxInstances } = options;
  const { plans, maxOperation, maxTime } = options;
  return commandLine(url, {
    ...(username !== undefined && { username }),
    ca,
    profile,
    suite,
    service,
    plan,
    only,
    config,
    baseline: options.waivers === false ? undefined : baseline,
    timeout,
    plans: plans === DEFAULTS.plans ? undefined : plans,
    "max-instances": maxInstances === DEFAULTS.maxInstances ? undefined : maxInstances,
    "max-operation": maxOperation === DEFAULTS.maxOperation ? undefined : maxOperation,
    "max-time": maxTime,
  });
}

/** The failures that the baseline accepts, unless waivers are refused. */
async function acceptancesOf({
  baseline,
  waivers = true,
}: CertifyCommandOptions): Promise<readonly Acceptance[] | undefined> {
  if (!waivers && baseline !== undefined) process.stderr.write("drydock: --no-waivers: the baseline is ignored\n");
  const text = waivers ? readNamedFile(baseline) : undefined;
  if (text === undefined) return undefined;
  const { parseBaseline } = await import("../conformance/runner/parse-baseline.ts");
  return parseBaseline(text);
}

/** Options for any target. @throws UserError, TargetError */
export async function certifyOptions(
  url: string,
  options: CertifyCommandOptions,
): Promise<Omit<CertifyOptions, "suites">> {
  const { profile, service, plan, plans, jobs, maxInstances, timeout, maxOperation, maxTime } = options;
  const only = splitList(options.only);
  const file = readNamedFile(options.config, "drydock.yml");
  const baseline = await acceptancesOf(options);
  return {
    url,
    jobs,
    maxInstances,
    plans,
    toolVersion: options.version,
    ...(profile !== undefined && { profile }),
    ...(service !== undefined && { service }),
    ...(plan !== undefined && { plan }),
    ...(only !== undefined && { only }),
    ...(file !== undefined && { file }),
    ...(baseline !== undefined && { baseline }),
    ...(maxTime !== undefined && { maxTimeMs: maxTime * 60_000 }),
    limits: { operationMsMax: maxOperation * 1000, ...(timeout !== undefined && { exchangeMs: timeout * 1000 }) },
  };
}

function loginFrom(
  options: CertifyCommandOptions,
): Pick<CertifyOptions, "username" | "password" | "bearerToken" | "ca"> {
  const password = options.password ?? process.env["DRYDOCK_PASSWORD"];
  const token = options.token ?? (options.username === undefined ? process.env["DRYDOCK_TOKEN"] : undefined);
  const ca = readNamedFile(options.ca);
  return {
    ...(options.username !== undefined && { username: options.username }),
    ...(password !== undefined && { password }),
    ...(token !== undefined && { bearerToken: token }),
    ...(ca !== undefined && { ca }),
  };
}

/** Inside `drydock exec` and `eval "$(drydock env)"`, host names in bindings resolve in that cloud; a drydock.yml takes precedence. */
function dataInCloud({ file }: Pick<CertifyOptions, "file">): Pick<CertifyOptions, "data"> {
  const dns = process.env["DRYDOCK_DNS"];
  if (dns === undefined || file !== undefined) return {};
  const [source, outsider] = ["127.0.0.1", "127.0.0.2"];
  const platformPorts = [AGENT_PORT];
  return { data: socketPlane({ resolve: resolverAt(dns), source, outsider, tenant: "instance", platformPorts }) };
}

/** Certifies, and shows and writes the result. */
export async function certifyAndReport(options: CertifyOptions, shown: CertifyRunOptions): Promise<CertifySummary> {
  const signer = shown.sign === undefined ? undefined : (await import("./certificate.ts")).openSigner(shown);
  const session = openSession(shown);
  let written: WrittenReports | undefined;
  let summary: CertifySummary;
  try {
    const emit = (event: RunEvent): void => {
      session.emit(event);
      shown.watch?.(event);
    };
    summary = await certify({ onProgress: session.say, ...options }, emit);
  } finally {
    written = session.finish();
  }
  if (written !== undefined) signer?.(written);
  return summary;
}

/** Certifies any broker by its URL. Returns the exit code. @throws UserError, TargetError */
export async function certifyBroker(url: string, options: CertifyRunOptions): Promise<number> {
  const { command, signal } = options;
  const suites = findSuites(options.suite ?? "osb");
  const target = { ...(await certifyOptions(url, options)), ...loginFrom(options) };
  const summary = await certifyAndReport({ ...target, ...dataInCloud(target), suites, signal, command }, options);
  return summary.exitCode;
}
