import { BELIEF, externalProvisioning } from "../scenarios/external/scenario.ts";
import type { ExternalTarget } from "../scenarios/external/stage.ts";
import { parseDuration } from "../scenarios/load/quantities.ts";
import type { Scenario } from "../scenarios/scenario.ts";
import { SCENARIOS } from "../scenarios/scenarios.ts";
import { bootCloudFor } from "./cloud.ts";
import { UserError } from "./errors.ts";
import { isFile, loadScenario } from "./own-scenario.ts";
import { targetOf, type TargetOptions } from "./target.ts";

/** The options that choose what a scenario is played on. */
export interface SubjectOptions extends Omit<TargetOptions, "target"> {
  /** URL of an external broker. Default: the reference broker, in this process. */
  readonly target?: string;
  readonly service?: string;
  readonly start?: string;
  readonly restart?: string;
  readonly listing?: string;
  readonly patience?: string;
  readonly shrinks?: number;
}

const PATIENCE = "60s";

/** The options that name a subject, in the order of a command line; secrets stay in the environment. */
const SHOWN = ["target", "username", "ca", "service", "start", "restart", "listing", "patience"] as const;

/** The flags that name the same subject on a command line. */
export const subjectFlags = (options: SubjectOptions): string =>
  SHOWN.map((name) => (options[name] === undefined ? "" : ` --${name} '${options[name]}'`)).join("");

/** A name for the scenario and its subject: seeds that failed on one say nothing about another. */
export const subjectName = (name: string, { target }: SubjectOptions): string =>
  target === undefined ? name : `${name}@${target}`;

function externalOf(target: string, options: SubjectOptions): ExternalTarget {
  const { start, restart, listing, service, patience = PATIENCE } = options;
  if (start !== undefined && restart !== undefined)
    throw new UserError("CLI_BAD_OPTION", "--restart is for a broker that runs already: leave out --start or it");
  return {
    target: targetOf({ ...options, target, timeout: options.timeout ?? "10s" }),
    patienceMs: parseDuration(patience),
    ...(start !== undefined && { start }),
    ...(restart !== undefined && { restart }),
    ...(listing !== undefined && { listing }),
    ...(service !== undefined && { service }),
    openCloud: async (seed) =>
      start === undefined
        ? { environment: process.env, close: () => Promise.resolve() }
        : bootCloudFor({ seed, services: [], pace: "instant" }),
  };
}

/**
 * Finds a scenario, with its subject.
 *
 * @param say called with what is learnt about the subject before the first seed
 * @throws UserError CLI_UNKNOWN_SCENARIO, CLI_BAD_OPTION, CLI_NO_FILE, CLI_BAD_SCENARIO
 */
export async function findScenario(
  name: string,
  options: SubjectOptions,
  say: (line: string) => void,
): Promise<Scenario> {
  const { target, shrinks = BELIEF.shrinks } = options;
  if (isFile(name)) {
    if (target !== undefined) throw new UserError("CLI_BAD_OPTION", `--target: ${name} chooses its own subject`);
    return loadScenario(name);
  }
  const scenario = SCENARIOS.find((each) => each.name === name);
  if (scenario === undefined) throw new UserError("CLI_UNKNOWN_SCENARIO", `there is no scenario ${name}`);
  if (target === undefined) return scenario;
  if (name !== "provisioning")
    throw new UserError(
      "CLI_BAD_OPTION",
      `--target: ${name} can only be played on the reference broker; provisioning takes any broker`,
    );
  return externalProvisioning(externalOf(target, options), { ...BELIEF, shrinks }, say);
}
