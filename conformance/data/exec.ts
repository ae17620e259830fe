import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";
import { DataError, type DataSession, type Extra, type Login } from "./plane.ts";
import type { DataLimits } from "./postgresql.ts";
import { ROWS_MAX, type Statement, type TableRows } from "./statement.ts";

const Cell = Type.Union([Type.String(), Type.Null()]);

/** A line of the program: rows, its abilities, or a fault. */
const Line = Type.Object({
  rows: Type.Optional(Type.Array(Type.Array(Cell), { maxItems: ROWS_MAX })),
  extras: Type.Optional(Type.Array(Type.Enum(["index", "view", "grant", "native"]))),
  fault: Type.Optional(Type.Enum(["unreachable", "denied", "failed", "lost", "nowhere"])),
  message: Type.Optional(Type.String()),
  code: Type.Optional(Type.String()),
});
type Line = Static<typeof Line>;
const LINE = Compile(Line);

function parseLine(text: string): Line {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new DataError("failed", `the program printed no JSON: ${text}`, undefined, { cause: error });
  }
  if (!LINE.Check(parsed)) throw new DataError("failed", `the program's answer is none: ${text}`);
  return parsed;
}

/** The limit of a program's output in a session, in bytes. */
const ERROR_CHARS_MAX = 2000;

/** A program that gets lines of JSON, and answers each with one. */
class Dialogue {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #waiting: PromiseWithResolvers<string>[] = [];
  #bytes = 0;
  #errors = "";
  #ended: DataError | undefined;

  constructor([command = "", ...args]: readonly string[], bytesMax: number) {
    this.#child = spawn(command, args, { stdio: "pipe" });
    this.#child.on("error", (error) => this.#end(`${command} can't be started: ${error.message}`));
    this.#child.on("close", (code) => this.#end(`${command} ended with ${code ?? "a signal"}: ${this.#errors}`));
    // The program may close its input without reading it.
    this.#child.stdin.on("error", () => {});
    this.#child.stderr.on("data", (chunk: Buffer) => {
      this.#errors = (this.#errors + chunk.toString()).slice(-ERROR_CHARS_MAX);
    });
    createInterface(this.#child.stdout).on("line", (line) => {
      this.#bytes += line.length;
      if (this.#bytes > bytesMax) this.#child.kill();
      this.#waiting.shift()?.resolve(line);
    });
  }

  #end(why: string): void {
    this.#ended ??= new DataError("lost", why);
    for (const each of this.#waiting.splice(0)) each.reject(this.#ended);
  }

  /** @throws DataError failed, lost, or the program's own fault */
  async ask(question: object, msMax: number): Promise<Line> {
    if (this.#ended !== undefined) throw this.#ended;
    const waiting = Promise.withResolvers<string>();
    this.#waiting.push(waiting);
    const timer = setTimeout(() => {
      this.#end(`no answer within ${msMax / 1000} s`);
      this.#child.kill();
    }, msMax);
    this.#child.stdin.write(`${JSON.stringify(question)}\n`);
    const line = parseLine(await waiting.promise.finally(() => clearTimeout(timer)));
    if (line.fault !== undefined) throw new DataError(line.fault, line.message ?? line.fault, line.code);
    return line;
  }

  close(): void {
    this.#child.stdin.end();
    // A program that does not end by itself has nothing left to say.
    this.#child.kill();
  }
}

class ProgramSession implements DataSession {
  readonly extras: ReadonlySet<Extra>;
  readonly #dialogue: Dialogue;
  readonly #limits: DataLimits;

  constructor(dialogue: Dialogue, extras: readonly Extra[], limits: DataLimits) {
    this.#dialogue = dialogue;
    this.extras = new Set(extras);
    this.#limits = limits;
  }

  async run(statement: Statement): Promise<TableRows> {
    return (await this.#dialogue.ask(statement, this.#limits.statementMsMax)).rows ?? [];
  }

  describe(statement: Statement): string {
    return statement.do === "native" ? statement.text : JSON.stringify(statement).slice(0, 400);
  }

  async close(): Promise<void> {
    this.#dialogue.close();
  }
}

/**
 * Logs in by a program, for engines without a client of our own. It is started for each session and gets `{"do": "connect", …}` with the login,
 * the address and the local address, then a statement a line; for each it prints a line with `rows`, or with `fault` and `message`.
 *
 * @throws DataError unreachable, denied, failed, nowhere; lost if the program ends
 */
export async function openByProgram(
  program: readonly string[],
  login: Login,
  address: string,
  source: string | undefined,
  limits: DataLimits,
): Promise<DataSession> {
  const dialogue = new Dialogue(program, limits.sessionBytesMax);
  try {
    const { extras = [] } = await dialogue.ask({ do: "connect", ...login, address, source }, limits.connectMsMax);
    return new ProgramSession(dialogue, extras, limits);
  } catch (error) {
    dialogue.close();
    throw error;
  }
}
