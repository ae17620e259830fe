import { describe, expect, it } from "vitest";
import { runScript } from "./script.ts";

const bash = (...lines: readonly string[]): string => ["#!/bin/bash", ...lines, ""].join("\n");
const [FOLLOWED, REAL] = [{ runScripts: false }, { runScripts: true }];

describe("a script of an agent", () => {
  it.each([
    [bash("echo hello"), { exitCode: 0, stdout: "hello\n" }],
    [bash("echo 'a  b' c >&2", "exit 3"), { exitCode: 3, stderr: "a  b c\n" }],
    [bash("# exit 1", "sleep 2.5", "exit 256"), { exitCode: 0, sleptMs: 2500 }],
  ])("that is plain is interpreted: %j", (script, result) => {
    expect(runScript(FOLLOWED, script)).toMatchObject({ ...result, isRun: true });
    const { trace: _trace, ...followed } = runScript(FOLLOWED, script);
    const { trace: _real, ...real } = runScript(REAL, script);
    expect(followed).toEqual(real);
  });

  it.each([
    [bash("if [ -d / ]; then", "  exit 1", "fi"), { exitCode: 1 }],
    [bash("set -e", "false", "echo after"), { exitCode: 1, stdout: "" }],
    [bash("sleep 3; sleep 4", "echo $((1 + 1))"), { exitCode: 0, stdout: "2\n", sleptMs: 7000 }],
    ["#!/usr/bin/env python3\nimport sys\nsys.exit(4)\n", { exitCode: 4 }],
    ["exit 2\n", { startError: expect.stringContaining("exec format error") }],
    ["#!/nosuch/interpreter\n", { startError: expect.stringContaining("no such file or directory") }],
  ])("that is not plain is run for real if that is allowed, and otherwise assumed to succeed: %j", (script, result) => {
    expect(runScript(REAL, script)).toMatchObject(result);
    expect(runScript(FOLLOWED, script)).toMatchObject({ exitCode: 0, stdout: "", isRun: false });
  });

  it("is not run here if it needs something that only a VM has", () => {
    expect(runScript(REAL, bash("/var/vcap/jobs/x/bin/y"))).toMatchObject({ exitCode: 0, isRun: false });
  });

  it("finds its files beside it, and a folder in which to install", () => {
    const files = { "lib/a.txt": Buffer.from("text").toString("base64"), "../out": "" };
    const script = bash("cp lib/a.txt $BOSH_INSTALL_TARGET/", "cat $BOSH_INSTALL_TARGET/a.txt");
    expect(runScript(REAL, script, { files })).toMatchObject({ exitCode: 0, stdout: "text" });
  });
});
