import type { Command, Option } from "commander";

/** An option, as completion knows it. */
export interface CompletedOption {
  /** Its names: `--json`, `-V`. */
  readonly names: readonly string[];
  readonly about: string;
  /** The values to choose from; empty: it takes no value, or any value. */
  readonly choices: readonly string[];
  readonly takesValue: boolean;
  readonly takesPath: boolean;
}

/** A command or subcommand, as completion knows it. */
export interface CompletedCommand {
  /** `registry check` as its words; the program itself has none. */
  readonly path: readonly string[];
  readonly about: string;
  /** The words that may follow first. */
  readonly commands: readonly string[];
  readonly options: readonly CompletedOption[];
  /** The values of its arguments, if they are a list. */
  readonly choices: readonly string[];
  readonly takesPath: boolean;
}

const PATH = /<(dir|file|key|runs?|name@)|\b(file|dir|folder|PEM)\b/i;

function completedOption({ long, short, description, argChoices, flags }: Option): CompletedOption {
  const takesValue = /[<[]/.test(flags);
  return {
    names: [long, short].filter((name) => name !== undefined && name !== null),
    about: description.split(/[;,]/)[0] ?? "",
    choices: argChoices ?? [],
    takesValue,
    takesPath: takesValue && (argChoices ?? []).length === 0 && PATH.test(flags),
  };
}

/** Every command of a program, the program itself first. */
export function completedCommands(command: Command, path: readonly string[] = []): readonly CompletedCommand[] {
  const help = { names: ["--help", "-h"], about: "show the options", choices: [], takesValue: false, takesPath: false };
  const own: CompletedCommand = {
    path,
    about: command.description(),
    commands: command.commands.map((each) => each.name()),
    options: [...command.options.map(completedOption), help],
    choices: command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
    takesPath: command.registeredArguments.some((each) => PATH.test(`<${each.name()}>`)),
  };
  return [own, ...command.commands.flatMap((each) => completedCommands(each, [...path, each.name()]))];
}
