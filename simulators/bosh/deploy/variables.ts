import { asFields, type Fields, isHash } from "../configs/fields.ts";
import { audit } from "../events/audit.ts";
import type { Deployment, Variable } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";
import { DirectorError } from "../wire/errors.ts";
import type { Manifest, VariableSpec } from "./manifest.ts";
import { checkVariableName, referencedName } from "./variable-names.ts";
import { isVariableType, makeValue } from "./variable-values.ts";

/** A reference that the config server can't resolve. */
export class VariableError extends Error {}

const absoluteName = (director: Director, deployment: string, name: string): string =>
  name.startsWith("/") ? name : `/${director.name}/${deployment}/${name}`;

/** Generates the values that the manifest asks for and that don't exist yet. @throws DirectorError 540004, 540005, 540009 */
export function generateVariables(
  director: Director,
  task: Task,
  deployment: Deployment,
  manifest: Manifest,
): readonly Variable[] {
  return manifest.variables.map((wish) => {
    checkVariableName(wish.name);
    const name = absoluteName(director, deployment.name, wish.name);
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
    return valueFor(director, task, deployment, name, wish);
  });
}

const CREDHUB = {
  missing:
    "The request could not be completed because the credential does not exist or you do not have sufficient authorization.",
  type: "The request does not include a valid type. Valid values for generate include 'password', 'user', 'certificate', 'ssh' and 'rsa'.",
};

const refusalsOf = ({ options }: Director): typeof CREDHUB => options.configServer?.refusals ?? CREDHUB;

/** The stand-in of a config server: one value per name and options; `converge` makes a new one when the options change. */
function valueFor(director: Director, task: Task, deployment: Deployment, name: string, wish: VariableSpec): Variable {
  const { variables } = director.slot.value;
  const versions = variables.get(name) ?? [];
  const options = JSON.stringify(wish.options);
  const last = versions.at(-1);
  if (last !== undefined && (wish.updateMode !== "converge" || last.options === options)) return last;
  const id = director.kernel.random("bosh/variables").uuid();
  const value = makeValue(director, wish.type, asFields(wish.options));
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

/** As the director finds references: the shortest ones. */
const REFERENCE = /\(\((.*?)\)\)/g;

const WHOLE_REFERENCE = /^\(\((.*?)\)\)$/;

/**
 * Fills the `((name))` references of a deployment's properties (config_server/deep_hash_replacement.rb in bosh-director). A reference that is the
 * whole text stands for the value itself.
 *
 * @throws VariableError for one that the config server can't resolve, DirectorError 540004 for a malformed one
 */
export function fillVariables(director: Director, deployment: string, properties: Fields): Fields {
  const values = fetchAll(director, deployment, properties);
  const errors: string[] = [];
  const fillText = (text: string): unknown => {
    const [whole, only = ""] = WHOLE_REFERENCE.exec(text) ?? [];
    if (whole !== undefined && !only.includes("((")) return values.get(only);
    return text.replace(REFERENCE, (reference, name: string) => {
      const value = values.get(name);
      if (typeof value === "string") return value;
      errors.push(
        `- Failed to substitute variable: Can not replace '${reference}' in '${text}'. The value should be a String or an Integer.`,
      );
      return reference;
    });
  };
  const filled = mapTexts(properties, fillText);
  if (errors.length > 0) throw new VariableError(errors.join("\n"));
  return asFields(filled);
}

function mapTexts(value: unknown, change: (text: string) => unknown): unknown {
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) return value.map((each) => mapTexts(each, change));
  if (!isHash(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, mapTexts(each, change)]));
}

/** The values of all references, by what stands between the brackets. @throws VariableError, DirectorError 540004 */
function fetchAll(director: Director, deployment: string, properties: Fields): ReadonlyMap<string, unknown> {
  const values = new Map<string, unknown>();
  const errors: string[] = [];
  mapTexts(properties, (text) => {
    for (const [, reference = ""] of text.matchAll(REFERENCE)) {
      if (values.has(reference)) continue;
      const found = valueOf(director, deployment, referencedName(reference));
      values.set(reference, found.value);
      if (found.error !== undefined) errors.push(`- ${found.error}`);
    }
    return text;
  });
  if (errors.length > 0) throw new VariableError(errors.join("\n"));
  return values;
}

interface Found {
  readonly value?: unknown;
  readonly error?: string;
}

/** @throws VariableError if there is no config server */
function valueOf(director: Director, deployment: string, reference: string): Found {
  const [first = "", ...parts] = reference.split(".");
  const name = absoluteName(director, deployment, first);
  if (director.options.configServer === undefined)
    throw new VariableError(
      `Failed to fetch variable '${name}' from config server: Director is not configured with a config server`,
    );
  const variable = director.slot.value.variables.get(name)?.at(-1);
  if (variable === undefined)
    return {
      error: `Failed to find variable '${name}' from config server: HTTP Code '404', Error: '${refusalsOf(director).missing}'`,
    };
  let value: unknown = variable.value;
  for (const [at, part] of parts.entries()) {
    const parent = [name, ...parts.slice(0, at)].join(".");
    const expected = `Failed to fetch variable '${name}' from config server: Expected parent '${parent}'`;
    if (!isHash(value)) return { error: `${expected} to be a hash` };
    if (!Object.hasOwn(value, part)) return { error: `${expected} hash to have key '${part}'` };
    value = value[part];
  }
  return { value };
}
