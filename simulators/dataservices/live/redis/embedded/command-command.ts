import { array, bulk, bulks, error, integer, NIL_ARRAY, type Reply, simple } from "../resp/reply.ts";
import type { Command } from "./command.ts";
import { KEY_COMMANDS } from "./commands/index.ts";

type Described = Pick<Command, "name" | "arity" | "flags" | "keys">;
/** Commands of sessions by name: they have no keys. */
type Keyless = Readonly<Record<string, Pick<Command, "arity" | "flags">>>;

/** All existing commands, as COMMAND describes them. */
function describeAll(keyless: Keyless): readonly Described[] {
  const own = Object.entries(keyless).map(
    ([name, { arity, flags }]): Described => ({ name, arity, flags, keys: [0, 0, 0] }),
  );
  return [...Object.values(KEY_COMMANDS).flat(), ...own].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function infoOf({ name, arity, flags, keys }: Described): Reply {
  const categories = flags.map((flag) => simple(`@${flag === "readonly" ? "read" : flag}`));
  return array([
    bulk(name),
    integer(arity),
    { type: "set", items: flags.map(simple) },
    ...keys.map(integer),
    { type: "set", items: categories },
    array([]),
    array([]),
    array([]),
  ]);
}

function keysOf(all: readonly Described[], words: readonly string[]): Reply {
  const found = all.find(({ name }) => name === (words[0] ?? "").toLowerCase());
  if (found === undefined) return error("ERR Invalid command specified");
  const [first, last, step] = found.keys;
  if (first === 0) return error("ERR The command has no key arguments");
  const end = last < 0 ? words.length + last : last;
  return bulks(words.filter((_, place) => place >= first && place <= end && (place - first) % step === 0));
}

/** COMMAND: the existing commands, and how they are called. */
export function describeCommands([what, ...args]: readonly string[], keyless: Keyless): Reply {
  const all = describeAll(keyless);
  switch (what?.toUpperCase()) {
    case undefined:
      return array(all.map(infoOf));
    case "COUNT":
      return integer(all.length);
    case "LIST":
      return bulks(all.map(({ name }) => name));
    case "INFO": {
      const known = new Map(all.map((each) => [each.name, each]));
      const names = args.length > 0 ? args : [...known.keys()];
      return array(
        names.map((name) => {
          const found = known.get(name.toLowerCase());
          return found === undefined ? NIL_ARRAY : infoOf(found);
        }),
      );
    }
    case "GETKEYS":
      return keysOf(all, args);
    case "DOCS":
      return { type: "map", entries: [] };
    default:
      return error(`ERR unknown subcommand '${what ?? ""}'. Try COMMAND HELP.`);
  }
}
