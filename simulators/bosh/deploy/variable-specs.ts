import { anyField, asFields, isHash, optionalField } from "../configs/fields.ts";
import { inspect, rubyInstance } from "../templates/ruby.ts";
import { DirectorError, UNCLASSED } from "../wire/errors.ts";
import type { VariableSpec } from "./manifest.ts";

/** The code of all errors in `variables`. */
const VARIABLES = 560000;

const refuse = (text: string): DirectorError => new DirectorError(VARIABLES, text);

/**
 * The `variables` of a manifest or a runtime config (variables_parser.rb in bosh-director): each rule is checked for all variables before the next.
 *
 * @throws DirectorError 560000; 100 for a link that it can't consume
 */
export function readVariables(fields: unknown): readonly VariableSpec[] {
  const specs = optionalField(fields, "variables", "array") ?? [];
  const hashes = specs.map((spec) => {
    if (isHash(spec)) return spec;
    throw refuse("All 'variables' elements should be Hashes");
  });
  for (const spec of hashes) checkNameAndType(spec);
  const names = hashes.map(({ name }) => String(name));
  for (const { name, consumes } of hashes)
    if ((consumes ?? null) !== null && !isHash(consumes))
      throw refuse(`Consumes for variable '${String(name)}' must be a Hash or nil`);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw refuse(`Some of the variables have duplicate names, eg: '${twice}'`);
  for (const { name, options } of hashes)
    if (options !== undefined && options !== null && options !== false && !isHash(options))
      throw refuse(`options of variable with name '${String(name)}' is not a Hash`);
  for (const { name, update_mode: mode } of hashes)
    if ((mode ?? null) !== null && typeof mode !== "string")
      throw refuse(`Update mode for variable '${String(name)}' must be a String, but was '${inspect(mode)}'`);
  return hashes.map((spec) => {
    const [name, type] = [String(spec.name), String(spec.type)];
    checkConsumes(name, type, spec);
    const { update_mode: mode } = spec;
    return {
      name,
      type,
      options: asFields(spec.options),
      updateMode: typeof mode === "string" ? mode : undefined,
      strategy: String(asFields(spec.update).strategy ?? "on-deploy"),
      consumes: asFields(spec.consumes),
    };
  });
}

/** @throws DirectorError 560000 */
function checkNameAndType(spec: Readonly<Record<string, unknown>>): void {
  if (!Object.hasOwn(spec, "name"))
    throw refuse("At least one of the variables is missing the 'name' key; 'name' must be specified");
  const { name, type } = spec;
  const isGiven = name !== null && name !== false;
  if (isGiven && typeof name !== "string")
    throw new DirectorError(UNCLASSED, `undefined method 'strip' for ${rubyInstance(name)}`);
  if (typeof name !== "string" || name.trim() === "")
    throw refuse("At least one of the variables has an empty 'name'; 'name' must not be empty or nil");
  if (!Object.hasOwn(spec, "type")) throw refuse(`Type for variable '${name}' is missing; 'type' must be specified`);
  if (type === null) throw refuse(`Type for variable '${name}' is nil; 'type' must not be nil`);
  if (typeof type !== "string")
    throw refuse(`Type for variable '${name}' must be a String, but was '${inspect(type)}'`);
  if (type.trim() === "") throw refuse(`Type for variable '${name}' is empty; 'type' must not be empty`);
}

/** The names that variables of each type can consume from a link. */
const CONSUMABLE: Readonly<Record<string, readonly string[]>> = { certificate: ["alternative_name", "common_name"] };

/** @throws DirectorError 100 */
function checkConsumes(name: string, type: string, spec: Readonly<Record<string, unknown>>): void {
  const errors = Object.keys(asFields(anyField(spec, "consumes"))).flatMap((link) => {
    const accepted = Object.hasOwn(CONSUMABLE, type) ? CONSUMABLE[type] : undefined;
    if (accepted === undefined) return [`Variable '${name}' can not define 'consumes' key for type '${type}'`];
    if (accepted.includes(link)) return [];
    return [
      `Consumer name '${link}' is not a valid consumer for variable '${name}'. Acceptable consumer types are: ${accepted.join(", ")}`,
    ];
  });
  if (errors.length > 0) throw new DirectorError(UNCLASSED, errors.join("\n"));
}
