import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { UserError } from "../errors.ts";

/** The questions of `init`; an empty answer skips the item. */
export interface Answers {
  readonly url?: string;
  readonly username?: string;
  readonly platform?: string;
  readonly dns?: string;
}

const QUESTIONS: readonly (readonly [name: keyof Answers, text: string])[] = [
  ["url", "URL of the broker (its catalog is read; empty: none) "],
  ["username", "Its user name (the password comes from DRYDOCK_PASSWORD; empty: none) "],
  ["platform", "Platform that calls it, for the context: cloudfoundry, kubernetes (empty: none) "],
  ["dns", "DNS server that resolves the hosts of its bindings, as ADDRESS:PORT (empty: the system's) "],
];

/** Asks for what is not known yet, one question a line. @throws UserError CLI_NO_ANSWER if the input ends before the last answer */
export async function ask(known: Answers, input: Readable, output: Writable): Promise<Answers> {
  const lines = createInterface({ input });
  const typed = lines[Symbol.asyncIterator]();
  const answers: Record<string, string> = { ...known };
  try {
    for (const [name, text] of QUESTIONS) {
      if (known[name] !== undefined || (name === "username" && answers["url"] === undefined)) continue;
      output.write(text);
      const { value, done } = await typed.next();
      if (done === true) throw new UserError("CLI_NO_ANSWER", "the input ended");
      if (value.trim() !== "") answers[name] = value.trim();
    }
  } finally {
    lines.close();
  }
  return answers;
}
