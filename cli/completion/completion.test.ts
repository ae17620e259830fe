import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Argument, Command, Option } from "commander";
import { afterAll, describe, expect, it } from "vitest";
import { SHELLS } from "./shells.ts";
import { completedCommands } from "./words.ts";

/** A program with everything that ours has: subcommands, choices, paths, and quotes in its texts. */
function sample(): Command {
  const program = new Command("drydock").description("A sample").version("1");
  program
    .command("certify")
    .description("the broker's verdicts: [all] of them")
    .argument("[url]")
    .addOption(new Option("--plans <which>", "which of them").choices(["first", "all"]))
    .option("--out <dir>", "where it goes")
    .option("--no-waivers", "none")
    .option("--json", "it's JSON");
  const registry = program.command("registry").description("a folder");
  registry.command("check").description("verify").argument("<dir>").option("--strict", "more");
  registry.command("index").description("write");
  program.command("completion").addArgument(new Argument("<shell>").choices(["bash", "zsh"]));
  return program;
}

const folder = mkdtempSync(join(tmpdir(), "drydock-completion-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const scriptOf = (shell: keyof typeof SHELLS): string => {
  const path = join(folder, `drydock.${shell}`);
  writeFileSync(path, SHELLS[shell](completedCommands(sample())));
  return path;
};
const isThere = (shell: string): boolean => spawnSync(shell, ["-c", ":"]).status === 0;

/** The shell's completions of a line. */
const OFFERS: Readonly<Record<string, (path: string, line: string) => readonly string[]>> = {
  bash: (path, line) => {
    const words = line.split(" ");
    const typed = words.map((word) => `'${word}'`).join(" ");
    const script = `source '${path}'; COMP_WORDS=(${typed}); COMP_CWORD=${words.length - 1}; _drydock; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return execFileSync("bash", ["-c", script], { encoding: "utf8" }).trim().split("\n");
  },
  fish: (path, line) =>
    execFileSync("fish", ["--no-config", "-c", `source '${path}'; complete -C '${line}'`], { encoding: "utf8" })
      .trim()
      .split("\n")
      .map((each) => each.split("\t")[0] ?? ""),
};

describe.each(["bash", "fish"] as const)("completion for %s", (shell) => {
  it.for<[string, readonly string[]]>([
    ["drydock cert", ["certify"]],
    ["drydock certify --pl", ["--plans"]],
    ["drydock certify --plans ", ["all", "first"]],
    ["drydock certify --json --no", ["--no-waivers"]],
    ["drydock registry ch", ["check"]],
    ["drydock registry check --str", ["--strict"]],
    ["drydock completion z", ["zsh"]],
  ])("%s", ([line, expected], { skip }) => {
    if (!isThere(shell)) return skip(`no ${shell} on this machine`);
    expect([...(OFFERS[shell]?.(scriptOf(shell), line) ?? [])].sort()).toEqual(expected);
  });
});

describe("completion for zsh", () => {
  it("is accepted by the shell", ({ skip }) => {
    if (!isThere("zsh")) return skip("no zsh on this machine");
    const script = `autoload -U compinit; compinit -u -d '${join(folder, "dump")}'; source '${scriptOf("zsh")}'; print $_comps[drydock]`;
    expect(execFileSync("zsh", ["-f", "-c", script], { encoding: "utf8" }).trim()).toBe("_drydock");
  });

  it("offers every command and option, and escapes their texts", () => {
    const text = SHELLS.zsh(completedCommands(sample()));
    for (const word of [
      "'--plans[which of them]:value:(first all)'",
      "'--out[where it goes]:file:_files'",
      "it'\\''s JSON",
      "(check index)",
    ])
      expect(text).toContain(word);
    expect(text).not.toContain("[[all]");
  });
});
