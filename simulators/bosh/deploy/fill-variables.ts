import { asFields, type Fields, isHash } from "../configs/fields.ts";
import type { VariableSet } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import { DirectorError } from "../wire/errors.ts";
import { absoluteName, refusalsOf } from "./config-server.ts";
import { referencedName } from "./variable-names.ts";

/** A reference that the config server can't resolve. */
export class VariableError extends DirectorError {
  constructor(message: string, code = FETCH_ERROR) {
    super(code, message);
  }
}

const FETCH_ERROR = 540001;
const NO_CONFIG_SERVER = 540009;

/** Where references are resolved: relative names belong to the deployment, and versions come from the set. */
export interface VariableScope {
  readonly deployment: string;
  /** Undefined for a link provider in another deployment that was never deployed. */
  readonly set: VariableSet | undefined;
  /** Whether the set belongs to another deployment, so that nothing is added to it. */
  readonly isForeign?: boolean;
}

/** The scope of a deployment's own variable set. */
export const scopeIn = ({ slot }: Director, deployment: string, setId: number): VariableScope => ({
  deployment,
  set: slot.value.deployments.get(deployment)?.variableSets.find(({ id }) => id === setId),
});

/** The path of a part of a document that is left alone: names of keys, with `*` for any key or position. */
export type IgnoredPath = readonly string[];

/** The shortest matches, as the director finds references. */
const REFERENCE = /\(\((.*?)\)\)/g;

const WHOLE_REFERENCE = /^\(\((.*?)\)\)$/;

interface FillOptions {
  /** Parts of the document whose references are not filled. Default none. */
  readonly ignored?: readonly IgnoredPath[];
  /** Whether references must begin with a slash. Default false. */
  readonly mustBeAbsolute?: boolean;
}

/**
 * Fills the `((name))` references of a deployment's properties (config_server/deep_hash_replacement.rb in
 * bosh-director). A reference that is the whole text is replaced by the value itself.
 *
 * @throws VariableError for one that the config server can't resolve, DirectorError 540004 for a malformed one
 */
export function fillVariables(
  director: Director,
  scope: VariableScope,
  properties: Fields,
  { ignored = [], mustBeAbsolute = false }: FillOptions = {},
): Fields {
  const values = fetchAll(director, scope, properties, { ignored, mustBeAbsolute });
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
  const filled = mapTexts(properties, fillText, ignored);
  if (errors.length > 0) throw new VariableError(errors.join("\n"));
  return asFields(filled);
}

function mapTexts(
  value: unknown,
  change: (text: string) => unknown,
  ignored: readonly IgnoredPath[],
  path: readonly string[] = [],
): unknown {
  if (ignored.some((each) => isAt(each, path))) return value;
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) return value.map((each, at) => mapTexts(each, change, ignored, [...path, String(at)]));
  if (!isHash(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, mapTexts(each, change, ignored, [...path, key])]),
  );
}

const isAt = (wanted: IgnoredPath, path: readonly string[]): boolean =>
  wanted.length === path.length && wanted.every((part, at) => part === "*" || part === path[at]);

/** The texts between the brackets of all references, once each. */
function findReferences(properties: Fields, ignored: readonly IgnoredPath[]): ReadonlySet<string> {
  const found = new Set<string>();
  mapTexts(
    properties,
    (text) => {
      for (const [, reference = ""] of text.matchAll(REFERENCE)) found.add(reference);
      return text;
    },
    ignored,
  );
  return found;
}

/** @throws DirectorError 540004 */
function refuseRelative(references: ReadonlySet<string>): void {
  const relative = [...references].map(referencedName).filter((name) => !name.startsWith("/"));
  if (relative.length > 0)
    throw new DirectorError(
      540004,
      `Relative paths are not allowed in this context. The following must be be switched to use absolute paths: ${relative.map((name) => `'${name}'`).join(", ")}`,
    );
}

/** The values of all references, by the text between the brackets. @throws VariableError, DirectorError 540004 */
function fetchAll(
  director: Director,
  scope: VariableScope,
  properties: Fields,
  { ignored, mustBeAbsolute }: Required<FillOptions>,
): ReadonlyMap<string, unknown> {
  const references = findReferences(properties, ignored);
  if (mustBeAbsolute) refuseRelative(references);
  const values = new Map<string, unknown>();
  const errors: string[] = [];
  for (const reference of references) {
    const found = valueOf(director, scope, referencedName(reference));
    values.set(reference, found.value);
    if (found.error !== undefined) errors.push(`- ${found.error}`);
  }
  if (errors.length > 0) throw new VariableError(errors.join("\n"));
  return values;
}

interface Found {
  readonly value?: unknown;
  readonly error?: string;
}

/** @throws VariableError where there is no config server, DirectorError 540008 for a name that a closed set lacks */
function valueOf(director: Director, scope: VariableScope, reference: string): Found {
  const [first = "", ...parts] = reference.split(".");
  const name = absoluteName(director, scope.deployment, first);
  if (director.options.configServer === undefined)
    throw new VariableError(
      `Failed to fetch variable '${name}' from config server: Director is not configured with a config server`,
      NO_CONFIG_SERVER,
    );
  const entry = scope.set?.entries.find((each) => each.name === name);
  if (entry === undefined && scope.isForeign === true)
    return {
      error: `Expected variable '${name}' to be already versioned in link provider deployment '${scope.deployment}'`,
    };
  if (entry === undefined && scope.set?.isOpen === false)
    throw new DirectorError(
      540008,
      `Expected variable '${name}' to be already versioned in deployment '${scope.deployment}'`,
    );
  const versions = director.slot.value.variables.get(name) ?? [];
  const variable = entry === undefined ? versions.at(-1) : versions.find(({ id }) => id === entry.id);
  if (variable === undefined)
    return {
      error: `Failed to find variable '${name}'${entry === undefined ? "" : ` with id '${entry.id}'`} from config server: HTTP Code '404', Error: '${refusalsOf(director).missing}'`,
    };
  const found = partOf(name, variable.value, parts);
  if (entry === undefined && found.error === undefined) scope.set?.entries.push({ id: variable.id, name });
  return found;
}

function partOf(name: string, whole: unknown, parts: readonly string[]): Found {
  let value = whole;
  for (const [at, part] of parts.entries()) {
    const parent = [name, ...parts.slice(0, at)].join(".");
    const expected = `Failed to fetch variable '${name}' from config server: Expected parent '${parent}'`;
    if (!isHash(value)) return { error: `${expected} to be a hash` };
    if (!Object.hasOwn(value, part)) return { error: `${expected} hash to have key '${part}'` };
    value = value[part];
  }
  return { value };
}
