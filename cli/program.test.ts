import type { Command } from "commander";
import { describe, expect, it } from "vitest";
import { createProgram } from "./program.ts";

/** The commands that can be run, with their words. */
function leaves(command: Command, path: readonly string[] = []): readonly (readonly [string, Command, Command])[] {
  return command.commands.flatMap((each) => {
    const words = [...path, each.name()];
    return each.commands.length > 0
      ? leaves(each, words)
      : [[words.join(" "), each, path.length === 0 ? each : command] as const];
  });
}

/** Everything that --help prints, including the text below the options. */
function helpOf(command: Command): string {
  const parts: string[] = [];
  command.configureOutput({ writeOut: (text) => void parts.push(text) });
  command.outputHelp();
  return parts.join("");
}

describe("the help of each command", () => {
  it.each(leaves(createProgram()))(
    "%s has a description, an example, and describes every option",
    (name, command, exampled) => {
      expect(command.description()).not.toBe("");
      expect(helpOf(exampled)).toMatch(
        name === "start" ? /Example:\n {2}\$ npm start/ : /Examples?:\n {2}\$ .*drydock /,
      );
      expect(command.options.filter(({ description }) => description === "").map(({ flags }) => flags)).toEqual([]);
    },
  );

  it("lists the exit codes", () => {
    expect(helpOf(createProgram())).toMatch(/Exit codes:\n {2}0 {4}.*\n {2}1 /);
  });
});
