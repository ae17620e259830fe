import type { CompletedCommand, CompletedOption } from "./words.ts";

/** A text in single quotes, as a POSIX shell and fish read it. */
const quote = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;

const namesOf = (options: readonly CompletedOption[]): readonly string[] => options.flatMap(({ names }) => names);
const wordsOf = ({ commands, options, choices }: CompletedCommand): string =>
  [...commands, ...choices, ...namesOf(options)].join(" ");

function bashCase({ path, options, takesPath, ...command }: CompletedCommand): string {
  const values = options
    .filter(({ takesValue }) => takesValue)
    .map(({ names, choices, takesPath: isPath }) => {
      const made = choices.length > 0 ? `compgen -W ${quote(choices.join(" "))}` : isPath ? "compgen -f" : ":";
      return `      ${names.join("|")}) COMPREPLY=($(${made} -- "$word")); return ;;`;
    });
  const words = wordsOf({ path, options, takesPath, ...command });
  const files = takesPath ? ' $([[ "$word" != -* ]] && compgen -f -- "$word")' : "";
  return [
    `    ${quote(path.join(" "))})`,
    ...(values.length === 0 ? [] : ['      case "$before" in', ...values.map((line) => `  ${line}`), "      esac"]),
    `      COMPREPLY=($(compgen -W ${quote(words)} -- "$word")${files}) ;;`,
  ].join("\n");
}

function paths(commands: readonly CompletedCommand[]): string {
  return commands
    .filter(({ path }) => path.length > 0)
    .map(({ path }) => quote(path.join(" ")))
    .join("|");
}

/** Completion for bash: `source <(drydock completion bash)`. */
function bash(commands: readonly CompletedCommand[]): string {
  return `# bash completion for drydock
_drydock() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" at="" each
  for each in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${at:+$at }$each" in
      ${paths(commands)}) at="\${at:+$at }$each" ;;
    esac
  done
  COMPREPLY=()
  case "$at" in
${commands.map(bashCase).join("\n")}
  esac
}
complete -F _drydock drydock
`;
}

/** Characters that zsh would read as syntax in the description of an option. */
const zshText = (text: string): string => text.replaceAll(/[[\]:\\]/g, " ");

function zshOption({ names, about, choices, takesValue, takesPath }: CompletedOption): readonly string[] {
  const value =
    choices.length > 0 ? `:value:(${choices.join(" ")})` : takesPath ? ":file:_files" : takesValue ? ":value:" : "";
  return names.map((name) => quote(`${name}[${zshText(about)}]${value}`));
}

function zshCase({ path, options, commands, choices, takesPath }: CompletedCommand): string {
  const words = [...commands, ...choices];
  const rest =
    words.length > 0
      ? quote(`*:word:(${words.join(" ")})`)
      : takesPath
        ? quote("*:file:_files")
        : quote("*:: :_normal");
  return `    ${quote(path.join(" "))}) _arguments -S ${[...options.flatMap(zshOption), rest].join(" ")} ;;`;
}

/** Completion for zsh: `source <(drydock completion zsh)`. */
function zsh(commands: readonly CompletedCommand[]): string {
  return `#compdef drydock
_drydock() {
  local at="" each
  for each in "\${(@)words[2,CURRENT-1]}"; do
    case "\${at:+$at }$each" in
      ${paths(commands)}) at="\${at:+$at }$each" ;;
    esac
  done
  case "$at" in
${commands.map(zshCase).join("\n")}
  esac
}
compdef _drydock drydock
`;
}

/** The condition that a command is the one being typed, and none of its subcommands. */
function fishCondition({ path, commands }: CompletedCommand): string {
  const seen = path.map((word) => `__fish_seen_subcommand_from ${word}`);
  const below = commands.length > 0 ? [`not __fish_seen_subcommand_from ${commands.join(" ")}`] : [];
  return quote([...seen, ...below].join("; and ") || "true");
}

function fishLines(command: CompletedCommand, all: readonly CompletedCommand[]): readonly string[] {
  const condition = fishCondition(command);
  const line = (...parts: readonly string[]) => `complete -c drydock -n ${condition} ${parts.join(" ")}`;
  const below = command.commands.map((word) => {
    const about = all.find(({ path }) => path.join(" ") === [...command.path, word].join(" "))?.about ?? "";
    return line("-f", "-a", quote(word), "-d", quote(about));
  });
  const options = command.options.map(({ names, about, choices, takesValue, takesPath }) => {
    const flags = names.map((name) => (name.startsWith("--") ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
    const value =
      choices.length > 0 ? `-x -a ${quote(choices.join(" "))}` : takesPath ? "-r -F" : takesValue ? "-x" : "-f";
    return line(...flags, value, "-d", quote(about));
  });
  const choices = command.choices.length === 0 ? [] : [line("-f", "-a", quote(command.choices.join(" ")))];
  return [...below, ...choices, ...options];
}

/** Completion for fish: `drydock completion fish | source`. */
const fish = (commands: readonly CompletedCommand[]): string =>
  `# fish completion for drydock\n${commands.flatMap((each) => fishLines(each, commands)).join("\n")}\n`;

/** How each shell's completion is written. */
export const SHELLS = { bash, zsh, fish } as const;
