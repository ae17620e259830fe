import { globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { createProgram } from "../../cli/program.ts";

const program = createProgram();

/** Every command line of drydock that a page shows, in a block or within a sentence. */
function commandLines(page: string): readonly string[] {
  const quoted = [...page.matchAll(/`((?:npx )?drydock [^`\n]+)`/g)].map(([, line = ""]) => line);
  const fences = [...page.matchAll(/^ *```(\w*)\n([\s\S]*?)^ *```$/gm)].filter(([, kind = ""]) =>
    /^(sh|text)?$/.test(kind),
  );
  const lines = fences.flatMap(([, , block = ""]) => block.split("\n"));
  const shown = lines.flatMap((line) => /(?:^ *|npx |\$ |\$\()(drydock [a-z][^#)"]*)/.exec(line)?.[1] ?? []);
  const commands = [...quoted, ...shown].flatMap((line) => line.split(" && "));
  return commands.filter((line) => /^(npx )?drydock /.test(line)).map((line) => line.replace(/^npx /, "").trim());
}

const PAGES = [...globSync("docs/first/*.md"), ...globSync("docs/*.md"), "reports/live/README.md"].sort();

test.each(PAGES)("%s names only commands and options that exist", (path) => {
  for (const line of commandLines(readFileSync(path, "utf8"))) {
    const [name = "", ...words] = line.split(/\s+/).slice(1);
    const command = program.commands.find((each) => each.name() === name);
    expect({ line, isKnown: command !== undefined }).toEqual({ line, isKnown: true });
    const own = words.includes("--") ? words.slice(0, words.indexOf("--")) : words;
    const deep = command?.commands.find((each) => each.name() === own[0]) ?? command;
    const flags = own.filter((word) => /^--[a-z]/.test(word)).map((word) => word.replace(/[=,.;:)].*$/, ""));
    const known = deep?.options.flatMap(({ long, negate }) => [long, negate ? long?.replace("--no-", "--") : ""]) ?? [];
    const unknown = flags.filter((flag) => ![...known, "--help", "--debug"].includes(flag));
    expect({ line, unknown }).toEqual({ line, unknown: [] });
  }
});

test("the examples of docs/library.md are files that the tests run", () => {
  const page = readFileSync("docs/library.md", "utf8");
  const shown = [...page.matchAll(/^\[(examples\/[^\]]+\.test\.ts)\]\(\.\.\/\1\)\n\n```ts\n([\s\S]*?)\n```$/gm)];
  expect(shown).toHaveLength(page.split("```ts").length - 1);
  for (const [, path = "", code = ""] of shown)
    expect(`${path}\n${code}`).toBe(`${path}\n${readFileSync(path, "utf8").trimEnd()}`);
});
