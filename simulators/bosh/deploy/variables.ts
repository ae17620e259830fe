import { asFields, type Fields } from "../configs/fields.ts";
import { audit } from "../events/audit.ts";
import type { Deployment, Variable, VariableSet } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";
import { DirectorError, messageOf } from "../wire/errors.ts";
import { absoluteName, refusalsOf } from "./config-server.ts";
import type { Manifest, VariableSpec } from "./manifest.ts";
import { certificateProblem } from "./certificate-options.ts";
import { checkVariableName } from "./variable-names.ts";
import { isVariableType, makeValue } from "./variable-values.ts";

/** A deploy that uses variables: its own set, and that of the previous deploy. */
interface Generation {
  readonly director: Director;
  readonly task: Task;
  readonly deployment: Deployment;
  readonly converges: boolean;
  /** Whether every stemcell of the deployment changes, which also renews the variables that wait for such a change. */
  readonly isStemcellNew: boolean;
}

/**
 * Has the config server generate the manifest's variables, and puts their versions into the set
 * (`generate_values` in bosh-director's config_server/client.rb).
 *
 * @throws DirectorError 540004, 540005, 540009
 */
export function generateVariables(generation: Generation, { variables }: Pick<Manifest, "variables">): void {
  const { director, deployment } = generation;
  const current = deployment.variableSets.at(-1);
  const before = deployment.variableSets.at(-2);
  for (const wish of variables) {
    checkVariableName(wish.name);
    const name = absoluteName(director, deployment.name, wish.name);
    const known = before?.entries.find((each) => each.name === name);
    const isLatest = wish.strategy !== ON_STEMCELL_CHANGE || generation.isStemcellNew || known === undefined;
    const id = isLatest ? generate(generation, name, wish) : known.id;
    addToSet(current, name, id);
    audit(director, generation.task, {
      action: "create",
      type: "variable",
      name,
      deployment: deployment.name,
      context: { update_strategy: wish.strategy, latest_version: isLatest, name, id },
    });
  }
}

const ON_STEMCELL_CHANGE = "on-stemcell-change";

function addToSet(set: VariableSet | undefined, name: string, id: string): void {
  if (set !== undefined && !set.entries.some((each) => each.name === name)) set.entries.push({ id, name });
}

/** The id of the value in the config server's answer. */
function generate({ director, task, deployment, converges }: Generation, name: string, wish: VariableSpec): string {
  try {
    if (director.options.configServer === undefined)
      throw new DirectorError(
        540009,
        `Failed to generate variable '${name}' from config server: Director is not configured with a config server`,
      );
    if (!isVariableType(wish.type))
      throw new DirectorError(
        540005,
        `Config Server failed to generate value for '${name}' with type '${wish.type}'. HTTP Code '400', Error: '${refusalsOf(director).type}'`,
      );
    const spec = { ...wish, options: withCa(director, deployment.name, wish.options) };
    const problem = problemOf(director, spec);
    if (problem !== undefined)
      throw new DirectorError(
        540005,
        `Config Server failed to generate value for '${name}' with type '${wish.type}'. ${problem}`,
      );
    const mode = wish.updateMode ?? (converges ? "converge" : "no-overwrite");
    return valueFor(director, name, spec, mode).id;
  } catch (error) {
    audit(director, task, {
      action: "create",
      type: "variable",
      name,
      deployment: deployment.name,
      error: messageOf(error),
    });
    throw error;
  }
}

/** The config server's reason for making no certificate. */
function problemOf(director: Director, { type, options }: VariableSpec): string | undefined {
  if (type !== "certificate" || director.options.configServer?.makesAnyCertificate === true) return undefined;
  const { ca } = options;
  const problem = certificateProblem(options);
  if (problem !== undefined) return `HTTP Code '400', Error: '${problem}'`;
  const isKnown = typeof ca !== "string" || director.slot.value.variables.has(ca);
  return isKnown ? undefined : `HTTP Code '404', Error: '${refusalsOf(director).missing}'`;
}

/** The options of a certificate, with the full name of its authority. */
function withCa(director: Director, deployment: string, options: Fields): Fields {
  const { ca } = options;
  return typeof ca === "string" ? { ...options, ca: absoluteName(director, deployment, ca) } : options;
}

/** The stand-in for a config server: `converge` makes a new value when the options change, `overwrite` always does. */
function valueFor(director: Director, name: string, wish: VariableSpec, mode: string): Variable {
  const { variables } = director.slot.value;
  const versions = variables.get(name) ?? [];
  const options = JSON.stringify(wish.options);
  const last = versions.at(-1);
  const isKept = mode !== "overwrite" && (mode !== "converge" || last?.options === options);
  if (last !== undefined && isKept) return last;
  const id = director.kernel.random("bosh/variables").uuid();
  const variable: Variable = {
    id,
    name,
    type: wish.type,
    options,
    value: makeValue(director, wish.type, asFields(wish.options)),
  };
  variables.set(name, [...versions, variable]);
  return variable;
}
