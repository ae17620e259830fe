import { type Fields, isHash } from "../configs/fields.ts";
import { audit } from "../events/audit.ts";
import type { Deployment, Variable } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";
import { DirectorError } from "../wire/errors.ts";
import type { Manifest, VariableSpec } from "./manifest.ts";

/** A reference that the config server can't resolve. */
export class VariableError extends Error {}

const absoluteName = (director: Director, deployment: string, name: string): string =>
  name.startsWith("/") ? name : `/${director.name}/${deployment}/${name}`;

const TYPES = new Set(["password", "certificate", "ssh", "rsa", "user"]);

/** Generates the values that the manifest asks for and that don't exist yet. @throws DirectorError 540005, 540009 */
export function generateVariables(
  director: Director,
  task: Task,
  deployment: Deployment,
  manifest: Manifest,
): readonly Variable[] {
  return manifest.variables.map((wish) => {
    const name = absoluteName(director, deployment.name, wish.name);
    if (director.options.configServer === undefined)
      throw new DirectorError(
        540009,
        `Failed to generate variable '${name}' from config server: Director is not configured with a config server`,
      );
    if (!TYPES.has(wish.type))
      throw new DirectorError(
        540005,
        `Config Server failed to generate value for '${name}' with type '${wish.type}'. HTTP Code '400', Error: 'The request could not be completed.'`,
      );
    return valueFor(director, task, deployment, name, wish);
  });
}

/** The stand-in of a config server: one value per name and options; `converge` makes a new one when the options change. */
function valueFor(director: Director, task: Task, deployment: Deployment, name: string, wish: VariableSpec): Variable {
  const { variables } = director.slot.value;
  const versions = variables.get(name) ?? [];
  const options = JSON.stringify(wish.options);
  const last = versions.at(-1);
  if (last !== undefined && (wish.updateMode !== "converge" || last.options === options)) return last;
  const id = director.kernel.random("bosh/variables").uuid();
  const value = director.kernel.secrets("bosh/variables").hex(40);
  const variable: Variable = { id, name, type: wish.type, options, value };
  variables.set(name, [...versions, variable]);
  audit(director, task, {
    action: "create",
    type: "variable",
    name,
    deployment: deployment.name,
    context: { update_strategy: "on-deploy", latest_version: true, name, id: variable.id },
  });
  return variable;
}

const REFERENCE = /\(\(([^()]+)\)\)/g;

/** Fills the `((name))` references of a deployment's properties. @throws VariableError for one that the config server can't resolve */
export function fillVariables(director: Director, deployment: string, properties: Fields): Fields {
  const fill = (value: unknown): unknown => {
    if (typeof value === "string")
      return value.replace(REFERENCE, (_whole, name: string) => valueOf(director, deployment, name));
    if (Array.isArray(value)) return value.map(fill);
    return isHash(value) ? fillHash(value) : value;
  };
  const fillHash = (hash: Fields): Fields =>
    Object.fromEntries(Object.entries(hash).map(([key, each]) => [key, fill(each)]));
  return fillHash(properties);
}

/** @throws VariableError */
function valueOf(director: Director, deployment: string, reference: string): string {
  const [first = ""] = reference.split(".");
  const name = absoluteName(director, deployment, first.replace(/^!/, ""));
  if (director.options.configServer === undefined)
    throw new VariableError(
      `Failed to fetch variable '${name}' from config server: Director is not configured with a config server`,
    );
  const variable = director.slot.value.variables.get(name)?.at(-1);
  if (variable === undefined)
    throw new VariableError(
      `- Failed to find variable '${name}' from config server: HTTP Code '404', Error: 'not found'`,
    );
  return variable.value;
}
