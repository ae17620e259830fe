import { type Command, InvalidArgumentError, type Option } from "commander";
import type { CommandSections } from "../conformance/settings/schema.ts";
import { UserError } from "./errors.ts";
import { readNamedFile } from "./session.ts";

/** The sections of drydock.yml that a command reads, the more special one last. */
export const SECTIONS_OF = {
  certify: ["target", "certify"],
  load: ["target", "load"],
  up: ["cloud"],
  exec: ["cloud"],
} as const satisfies Readonly<Record<string, readonly (keyof CommandSections)[]>>;

/** Keys that are not options of the same name: a URL is the argument of one command and an option of another, a plan of faults is a file there. */
const RENAMED: Readonly<Record<string, string>> = { url: "target" };

/** The long name of the option that a key of a section stands for. */
export const optionNameOf = (key: string): string => RENAMED[key] ?? key.replaceAll("_", "-");

const hasSections = (name: string): name is keyof typeof SECTIONS_OF => Object.hasOwn(SECTIONS_OF, name);

/** A value of the file as the command line would have it: mappings, and lists of them, as JSON. */
function textsOf(value: unknown): readonly string[] {
  const isPlain = Array.isArray(value) && value.every((each) => typeof each !== "object");
  if (isPlain) return value.map(String);
  return [typeof value === "object" ? JSON.stringify(value) : String(value)];
}

function valueOf(option: Option, value: unknown): unknown {
  if (typeof value === "boolean") return value;
  const { parseArg: parse } = option;
  const texts = textsOf(value);
  if (parse === undefined) return texts.join(",");
  return texts.reduce<unknown>((before, each) => parse(each, before), option.defaultValue);
}

function setOption(command: Command, place: string, option: Option, value: unknown): void {
  const name = option.attributeName();
  // The command line and the environment win; a more special section wins over one before it.
  if (!["default", "config", undefined].includes(command.getOptionValueSource(name))) return;
  const { argChoices: choices } = option;
  if (choices !== undefined && !choices.includes(String(value)))
    throw new UserError("CLI_BAD_OPTION", `drydock.yml: "${place}" must be one of ${choices.join(", ")}`);
  try {
    command.setOptionValueWithSource(name, valueOf(option, value), "config");
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    throw new UserError("CLI_BAD_OPTION", `drydock.yml: "${place}" must be ${error.message}`);
  }
}

/**
 * Gives a command the options that drydock.yml has for it. The file is the one of --config, else the one in the working directory, if there is one.
 *
 * @throws UserError, TargetError bad-file
 */
export async function applyFile(command: Command): Promise<void> {
  const name = command.name();
  if (!hasSections(name)) return;
  const named = command.getOptionValue("config");
  const text = readNamedFile(typeof named === "string" ? named : undefined, "drydock.yml");
  if (text === undefined) return;
  // Loaded only if there is a file.
  const { parseCommandSections } = await import("../conformance/settings/drydock-file.ts");
  const sections = parseCommandSections(text);
  for (const section of SECTIONS_OF[name])
    for (const [key, value] of Object.entries(sections[section] ?? {})) {
      const option = command.options.find((each) => each.long === `--${optionNameOf(key)}`);
      if (option !== undefined) setOption(command, `${section}.${key}`, option, value);
      else if (key === "url") command.processedArgs[0] ??= value;
      else throw new Error(`${name} has no option for ${section}.${key}`);
    }
}
