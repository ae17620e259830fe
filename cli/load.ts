import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { randomInt } from "node:crypto";
import Type from "typebox";
import { INVOCATION } from "../conformance/runner/tool.ts";
import { isOf, parseAs } from "../scenarios/clients/answers.ts";
import { CatalogBody } from "../scenarios/clients/osb.ts";
import { conductLoad, LoadError, sharePlan } from "../scenarios/load/conduct.ts";
import { localWorker, processWorker } from "../scenarios/load/load-workers.ts";
import { needsInstances, parseMix } from "../scenarios/load/mix.ts";
import type { LoadPlan } from "../scenarios/load/plan.ts";
import { parseDuration, parseRate } from "../scenarios/load/quantities.ts";
import { loadDocument, loadLines, loadPage, type LoadTitle, verdictOf } from "../scenarios/load/report.ts";
import { parseThreshold } from "../scenarios/load/thresholds.ts";
import { httpTransport } from "../scenarios/load/transport.ts";
import { EXIT, UserError } from "./errors.ts";
import { runInterruptibly } from "./session.ts";
import { targetOf, type TargetOptions } from "./target.ts";

/** The options of `load`; those with units are texts. */
export interface LoadOptions extends Omit<TargetOptions, "target"> {
  /** Default: that of drydock.yml. */
  readonly target?: string;
  readonly service?: string;
  readonly plan?: string;
  readonly parameters?: string;
  readonly rate: string;
  readonly rampTo?: string;
  readonly spacing: "even" | "poisson";
  readonly users?: number;
  readonly think: string;
  readonly for: string;
  readonly mix: string;
  readonly instances?: number;
  readonly processes?: number;
  readonly seed: number;
  readonly poll: string;
  readonly maxOperation: string;
  readonly maxWaiting: number;
  readonly threshold: readonly string[];
  readonly beside?: string;
  readonly keep?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly out?: string;
}

/** The same, once it is known what is measured. */
type MeasuredOptions = LoadOptions & { readonly target: string };

const INSTANCES = 20;
const PREFIX_MAX = 2 ** 32 - 1024;

const isNamed = (wanted: string | undefined, { id, name }: { readonly id: string; readonly name: string }): boolean =>
  wanted === undefined || wanted === id || wanted === name;

/** Chooses a service and a plan of the catalog. @throws UserError, LoadError */
async function fetchOffer(target: LoadPlan["target"], { service, plan }: LoadOptions): Promise<LoadPlan["offer"]> {
  const transport = httpTransport(target);
  try {
    const reply = await transport.send({ method: "GET", path: "/v2/catalog" });
    if (reply.kind === "error") throw new LoadError(`GET ${target.url}/v2/catalog: ${reply.what}`);
    if (reply.status !== 200) throw new LoadError(`GET ${target.url}/v2/catalog: HTTP ${reply.status}`);
    const { services } = parseAs(CatalogBody, reply.body, "GET /v2/catalog");
    const chosen = services.find((each) => isNamed(service, each));
    const offered = chosen?.plans.find((each) => isNamed(plan, each));
    if (chosen === undefined || offered === undefined)
      throw new UserError("CLI_BAD_OPTION", `the catalog has no ${service ?? "service"} with the plan ${plan ?? ""}`);
    return { service_id: chosen.id, plan_id: offered.id };
  } finally {
    transport.close();
  }
}

function modelOf({ users, think, rate, rampTo, spacing }: LoadOptions): LoadPlan["model"] {
  if (users !== undefined) return { kind: "closed", users, thinkMs: think === "0" ? 0 : parseDuration(think) };
  const ramp = rampTo === undefined ? {} : { rampTo: parseRate(rampTo) };
  return { kind: "open", rate: parseRate(rate), spacing, ...ramp };
}

const Parameters = Type.Object({});

/** @throws UserError CLI_BAD_OPTION */
function parametersOf(text: string | undefined): object | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (isOf(Parameters, value)) return value;
  } catch {
    // Reported below.
  }
  throw new UserError("CLI_BAD_OPTION", `--parameters ${text}: no JSON object`);
}

async function planOf(options: MeasuredOptions): Promise<LoadPlan> {
  const target = targetOf(options);
  const mix = parseMix(options.mix);
  const parameters = parametersOf(options.parameters);
  return {
    target,
    model: modelOf(options),
    forMs: parseDuration(options.for),
    mix,
    instances: options.instances ?? (needsInstances(mix) ? INSTANCES : 0),
    pollMs: parseDuration(options.poll),
    operationMsMax: parseDuration(options.maxOperation),
    inFlightMax: options.maxWaiting,
    seed: options.seed,
    // Ids are new in each run: a broker may remember those of the previous one.
    prefix: randomInt(PREFIX_MAX).toString(16).padStart(8, "0"),
    keep: options.keep === true,
    offer: await fetchOffer(target, options),
    ...(parameters !== undefined && { parameters }),
    ...(options.beside !== undefined && { beside: options.beside }),
  };
}

/** The options that say what is measured; secrets stay in the environment. */
const SHOWN = [
  "target",
  "username",
  "ca",
  "service",
  "plan",
  "parameters",
  "rampTo",
  "users",
  "mix",
  "instances",
  "processes",
  "seed",
  "connections",
  "beside",
] as const;

function commandOf(options: MeasuredOptions): string {
  const flag = (name: string): string => `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  const model = options.users === undefined ? ["--rate", options.rate] : [];
  const shown = SHOWN.flatMap((each) => (options[each] === undefined ? [] : [flag(each), String(options[each])]));
  const thresholds = options.threshold.flatMap((each) => ["--threshold", `'${each}'`]);
  return [INVOCATION, "load", ...shown, ...model, "--for", options.for, ...thresholds].join(" ");
}

const EXIT_OF = {
  pass: EXIT.ok,
  fail: EXIT.notConformant,
  invalid: EXIT.couldNotRun,
  interrupted: EXIT.interrupted,
} as const;

function write(folder: string, files: Readonly<Record<string, string>>): void {
  try {
    mkdirSync(folder, { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  } catch (error) {
    throw new UserError("CLI_CAN_NOT_WRITE", error instanceof Error ? error.message : String(error));
  }
}

/** `drydock load`. Returns the exit code. @throws UserError, QuantityError, LoadError */
export async function load({ target, ...rest }: LoadOptions): Promise<number> {
  if (target === undefined) throw new UserError("CLI_BAD_OPTION", "no broker: --target, or target.url in drydock.yml");
  const options = { ...rest, target };
  const thresholds = options.threshold.map(parseThreshold);
  const plan = await planOf(options);
  const title: LoadTitle = { target: options.target, command: commandOf(options) };
  const live = options.quiet !== true && options.json !== true;
  const say = (line: string): void => void (live && process.stderr.write(`${line}\n`));
  return runInterruptibly(async (signal) => {
    const workers =
      options.processes === undefined
        ? [localWorker(plan)]
        : await Promise.all(sharePlan(plan, options.processes).map(processWorker));
    const outcome = await conductLoad({ plan, workers, thresholds, signal, say });
    const document = `${JSON.stringify(loadDocument(title, outcome))}\n`;
    if (options.out !== undefined) write(options.out, { "load.json": document, "load.html": loadPage(title, outcome) });
    process.stdout.write(options.json === true ? document : `${loadLines(outcome).join("\n")}\n`);
    return EXIT_OF[verdictOf(outcome)];
  });
}
