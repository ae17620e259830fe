import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { findOldNode, NO_OLD_NODE } from "./old-node.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const GUARD = "node scripts/require-node.cjs && ";
const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { scripts: Record<string, string> };
const guarded = Object.entries(scripts).filter(([, line]) => !line.startsWith("npm run "));
const old = findOldNode();

const folder = mkdtempSync(join(tmpdir(), "drydock-node-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Writes a module that makes a script believe it runs on this version. */
function believing(version: string): string {
  const path = join(folder, `node-${version}.cjs`);
  const versions = `{ ...process.versions, node: ${JSON.stringify(version)} }`;
  writeFileSync(
    path,
    `Object.defineProperty(process, "versions", { value: ${versions} });
     Object.defineProperty(process, "version", { value: "v${version}" });`,
  );
  return path;
}

const onOne = (stderr: string): void => {
  expect(stderr).toMatch(/^drydock: Node 24 is needed and this is v[^\n]*\n$/);
  expect(stderr).not.toContain("ERR_");
};

describe("on a Node.js that is too old, and without the pinned one,", () => {
  it.each(["18.20.8", "20.20.2", "22.0.0", "23.11.1"])(
    "the guard of the scripts says so in one line (%s)",
    (version) => {
      const { status, stderr } = spawnSync(
        process.execPath,
        ["-r", believing(version), join(ROOT, "scripts/require-node.cjs")],
        { encoding: "utf8" },
      );
      onOne(stderr);
      expect(status).toBe(2);
    },
  );

  it("the guard accepts the pinned Node.js", () => {
    const { status, stderr } = spawnSync(process.execPath, [join(ROOT, "scripts/require-node.cjs")], {
      encoding: "utf8",
    });
    expect([status, stderr]).toEqual([0, ""]);
  });

  it.each(guarded)("npm run %s begins with the guard", (_name, line) => {
    expect(line.startsWith(GUARD)).toBe(true);
  });

  it("the command says so in one line", () => {
    // Beside this copy there is no node_modules that could hold a pinned Node.
    const shim = join(folder, "drydock.cjs");
    copyFileSync(join(ROOT, "cli/drydock.cjs"), shim);
    const { status, stderr } = spawnSync(process.execPath, ["-r", believing("20.20.2"), shim], { encoding: "utf8" });
    onOne(stderr);
    expect(status).toBe(2);
  });

  it.for(guarded)("npm run %s ends with that line on a real one", ([, line], { skip }) => {
    if (old === undefined) return skip(NO_OLD_NODE);
    const bin = mkdtempSync(join(folder, "bin-"));
    symlinkSync(old.path, join(bin, "node"));
    const env = { PATH: `${bin}:/usr/bin:/bin` };
    const { status, stderr } = spawnSync("/bin/sh", ["-c", line], { cwd: ROOT, env, encoding: "utf8" });
    onOne(stderr);
    expect(status).toBe(2);
  });
});
