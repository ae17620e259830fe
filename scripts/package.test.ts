import { execFileSync } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { INVOCATION, PACKAGE_NAME } from "../conformance/runner/tool.ts";
import { findDeadReferences } from "./tidy/references.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const read = (file: string): string => readFileSync(join(ROOT, file), "utf8");
const outputOf = (command: string, ...args: string[]): string =>
  execFileSync(command, args, { cwd: ROOT, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });

/** The files of the repository, with those that are new and not committed yet. */
const repository = outputOf("git", "ls-files", "--cached", "--others", "--exclude-standard")
  .trim()
  .split("\n")
  .filter((file) => existsSync(join(ROOT, file)));

interface Packed {
  readonly files: readonly { readonly path: string }[];
}

/** The files that `npm pack` would publish, except those that it builds first, which are not documents. */
const packed = (
  JSON.parse(outputOf("npm", "pack", "--dry-run", "--json", "--ignore-scripts")) as readonly Packed[]
).flatMap(({ files }) => files.map(({ path }) => path));

/** Files, and the folders that hold them. */
function pathsOf(files: readonly string[]): ReadonlySet<string> {
  return new Set(files.flatMap((file) => file.split("/").map((_, at, parts) => parts.slice(0, at + 1).join("/"))));
}

describe("links", () => {
  it("in published documents lead to published files", () => {
    expect(packed).toContain("README.md");
    expect(packed).toContain("conformance/README.md");
    const paths = pathsOf(packed);
    const documents = packed.filter((path) => path.endsWith(".md")).map((path) => ({ path, text: read(path) }));
    const has = (path: string): boolean => paths.has(path.replace(/\/$/, ""));
    expect(findDeadReferences({ documents, sources: [], has })).toEqual([]);
  });
});

describe("what is published", () => {
  it("contains no sources that Node.js would refuse to run, and no recordings", () => {
    const sources = packed.filter((path) => /^(?!examples\/|dist\/).*\.ts$/.test(path));
    expect([sources, packed.filter((path) => /\.(gz|tgz|jsonl)$/.test(path))]).toEqual([[], []]);
  });

  it("contains examples that import the package by its name", () => {
    const examples = packed.filter((path) => /^examples\/.*\.ts$/.test(path));
    expect(examples).not.toEqual([]);
    for (const path of examples) expect(read(path)).not.toMatch(/from "\.\./);
  });
});

describe("the name of the package", () => {
  const { name } = JSON.parse(read("package.json")) as { name: string };
  const texts = repository.filter((file) => /\.(md|ts|tsx|mjs|cjs|py|java|yml|sh)$|^\.ci\//.test(file));

  it("is one constant", () => {
    expect(PACKAGE_NAME).toBe(name);
    expect((JSON.parse(read("package-lock.json")) as { name: string }).name).toBe(name);
  });

  it("is in a line that installs it before a document says to run npx drydock", () => {
    const early = texts
      .filter((file) => file.endsWith(".md"))
      .filter((file) => {
        const text = read(file).replaceAll(/^# .*|`npx drydock`/gm, "");
        const [run, install] = [text.search(/npx drydock\b/), text.search(new RegExp(`npm install [^\\n]*${name}`))];
        return run !== -1 && (install === -1 || install > run);
      });
    expect(early).toEqual([]);
  });

  it("is part of every command line that a run prints: no code prints a bare npx drydock", () => {
    expect(INVOCATION).toBe("npm run -s drydock --");
    const code = texts.filter((file) => file.endsWith(".ts") && !file.endsWith("package.test.ts"));
    // Comments may mention it.
    const bare = code.filter((file) => /^(?!\s*(\*|\/\/|\/\*)).*npx drydock\b/m.test(read(file)));
    expect(bare).toEqual([]);
  });

  it("is the name from which documents and code import", () => {
    const misnamed = texts.filter((file) =>
      /(from|import\() ?["']drydock["']|npm (i|install) (-\S+ )*drydock(\s|$)/.test(read(file)),
    );
    expect(misnamed).toEqual([]);
  });
});

describe("examples in the README", () => {
  it("come from an example that a test runs", () => {
    const blocks = [...read("README.md").matchAll(/```ts\n([\s\S]*?)```/g)].map(([, block = ""]) => block);
    const examples = globSync("examples/**/*.test.ts", { cwd: ROOT }).map((file) => read(file));
    const lines = blocks.flatMap((block) => block.trim().split("\n")).map((line) => line.replace(/\s*\/\/.*/, ""));
    expect(lines.filter((line) => !examples.some((text) => text.includes(line)))).toEqual([]);
    expect(blocks).not.toEqual([]);
  });
});
