import { Compile } from "typebox/compile";
import { parse } from "yaml";
import { TargetError } from "../client/errors/target-error.ts";
import type { Json } from "../client/http/json.ts";
import { withoutBlanks } from "./blanks.ts";
import { explain } from "./explain.ts";
import type { DrydockFile } from "./file.ts";
import { type CommandSections, DRYDOCK_SCHEMA, type DrydockInput } from "./schema.ts";

/** The most YAML aliases in a file; more would be an attack on memory. */
const ALIASES_MAX = 100;

const validator = Compile(DRYDOCK_SCHEMA);

function badFile(what: string, options?: ErrorOptions): TargetError {
  return new TargetError("bad-file", `drydock.yml: ${what}`, options);
}

function parseYaml(text: string): Json {
  try {
    return parse(text, { maxAliasCount: ALIASES_MAX });
  } catch (cause) {
    throw badFile(cause instanceof Error ? cause.message : "not YAML", { cause });
  }
}

function fill({ parameters, context, headers = {}, hooks, backup, figures, data }: DrydockInput): DrydockFile {
  const texts = Object.entries(headers).map(([name, value]) => [name, String(value)] as const);
  return {
    parameters: parameters ?? {},
    context: context ?? {},
    headers: Object.fromEntries(texts),
    hooks: hooks ?? {},
    backup,
    figures: figures ?? {},
    data: { ...data, credentials: data?.credentials ?? {} },
  };
}

/** @throws TargetError bad-file */
function parseInput(text: string): DrydockInput {
  const file = withoutBlanks(parseYaml(text) ?? {}, DRYDOCK_SCHEMA);
  if (validator.Check(file)) return file;
  throw badFile(explain(validator.Errors(file), file, DRYDOCK_SCHEMA));
}

/**
 * Parses the text of a `drydock.yml`. A key without a value counts as absent.
 *
 * @throws TargetError bad-file: the first error, with its place and the expected value
 */
export const parseDrydockFile = (text: string): DrydockFile => fill(parseInput(text));

/** The sections of a `drydock.yml` that hold options of commands. @throws TargetError bad-file */
export function parseCommandSections(text: string): CommandSections {
  const { target, certify, cloud, load } = parseInput(text);
  return { target, certify, cloud, load };
}
