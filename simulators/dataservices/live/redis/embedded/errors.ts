/** The refusal of a command. The message is the reply's text, and begins with its code. */
export class CommandError extends Error {}

/** The refusals that many commands share, in the words of the real server. */
export const REFUSALS = {
  wrongType: "WRONGTYPE Operation against a key holding the wrong kind of value",
  syntax: "ERR syntax error",
  integer: "ERR value is not an integer or out of range",
  float: "ERR value is not a valid float",
  noKey: "ERR no such key",
  outOfRange: "ERR index out of range",
  overflow: "ERR increment or decrement would overflow",
  positive: "ERR value is out of range, must be positive",
} as const;

/** Throws a refusal. @throws CommandError always */
export function refuse(text: string): never {
  throw new CommandError(text);
}
