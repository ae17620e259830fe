import type { Reply } from "../resp/reply.ts";
import type { Database, Keyspace } from "./keyspace.ts";

/** The arguments of a command's implementation. */
export interface Call {
  /** The words after its name. */
  readonly args: readonly string[];
  readonly db: Database;
  readonly keyspace: Keyspace;
  readonly nowMs: number;
  /** From 0, and less than 1. */
  readonly random: () => number;
}

/** A command that waits for keys: it is run again, with `args`, when one of them has been touched. */
export interface Wait {
  readonly type: "wait";
  readonly keys: readonly string[];
  /** 0: no limit. */
  readonly msMax: number;
  readonly args: readonly string[];
  /** Its answer if nothing has come. */
  readonly otherwise: Reply;
}

/** The flags of `COMMAND INFO` that have a meaning here. */
const FLAGS = ["write", "readonly", "denyoom", "fast", "blocking", "admin", "dangerous"] as const;
/** One of `FLAGS`. */
export type Flag = (typeof FLAGS)[number];

/** A command: its syntax, its keys, and its effect on a keyspace. It is a pure function of its call. */
export interface Command {
  readonly name: string;
  /** The number of words, including the name; negative: at least that many. */
  readonly arity: number;
  readonly flags: readonly Flag[];
  /**
   * The positions of its keys: the first, the last (negative: from the end), the step. All 0 for none, or for keys that only the command itself can
   * find.
   */
  readonly keys: readonly [number, number, number];
  readonly run: (call: Call) => Reply | Wait;
  /** For a command with subcommands: how many words each takes, like `arity`. */
  readonly subcommands?: Readonly<Record<string, number>>;
}

/** A row of a table of commands: `name arity flags… first-last-step`. */
export function command(head: string, run: Command["run"], subcommands?: Command["subcommands"]): Command {
  const [name = "", arity = "", ...rest] = head.split(" ");
  const places = rest.at(-1)?.match(/^(\d+):(-?\d+):(\d+)$/);
  const flags = FLAGS.filter((flag) => rest.includes(flag));
  const [first = 0, last = 0, step = 0] = (places?.slice(1) ?? []).map(Number);
  return { name, arity: Number(arity), flags, keys: [first, last, step], run, ...(subcommands && { subcommands }) };
}

/** Whether this many words, including the name, are enough and not too many. */
export const fits = ({ arity }: Pick<Command, "arity">, words: number): boolean =>
  arity >= 0 ? words === arity : words >= -arity;

/** The error in the form of a call; undefined if there is none. */
export function subcommandRefusal(
  name: string,
  { subcommands }: Pick<Command, "subcommands">,
  words: readonly string[],
): string | undefined {
  const said = words[1] ?? "";
  if (subcommands === undefined) return undefined;
  const arity = Object.hasOwn(subcommands, said.toLowerCase()) ? subcommands[said.toLowerCase()] : undefined;
  if (arity === undefined) return `ERR unknown subcommand '${said}'. Try ${name.toUpperCase()} HELP.`;
  return fits({ arity }, words.length) ? undefined : wrongArity(`${name}|${said.toLowerCase()}`);
}

/** The refusal of a call with the wrong number of words. */
export const wrongArity = (name: string): string => `ERR wrong number of arguments for '${name}' command`;
