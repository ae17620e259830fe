import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type CommandResult, drydock } from "../testing/run.ts";

/** A block that no other cloud takes while this one is reset: others take the first free one, and other runs of this test have another pid. */
const BLOCK = `127.${128 + (process.pid % 70)}`;
let folder = "";
const run = (...args: readonly string[]): Promise<CommandResult> => drydock(args, { XDG_RUNTIME_DIR: folder });
const up = async (): Promise<readonly { name: string; pid: number; block: string; detached: boolean }[]> =>
  JSON.parse((await run("list", "--json")).stdout);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "drydock-clouds-"));
});
afterAll(async () => {
  await run("down", "--all");
  rmSync(folder, { recursive: true, force: true });
});

test("a named cloud can be detached, listed, have its log read, be reset, and ended", async () => {
  expect((await run("list")).stdout).toBe("no cloud is up\n");
  const started = await run("up", "--detach", "--name", "blue", "--pace", "instant", "--block", BLOCK);
  expect(started).toMatchObject({ code: 0 });
  expect(started.stdout).toContain("live page");
  const [blue, ...others] = await up();
  expect(blue).toMatchObject({ name: "blue", detached: true });
  expect(others).toEqual([]);

  expect((await run("env", "--name", "blue")).stdout).toContain("export BOSH_ENVIRONMENT=");
  expect((await run("env", "--name", "green")).stderr).toContain("CLI_NO_CLOUD");
  expect((await run("logs", "blue")).stdout).toBe(started.stdout);
  expect(await run("up", "--name", "blue")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("CLI_CLOUD_NAME"),
  });

  expect(await run("reset", "blue")).toMatchObject({ code: 0 });
  const [again] = await up();
  expect(again).toMatchObject({ name: "blue", block: blue?.block });
  expect(again?.pid).not.toBe(blue?.pid);

  expect(await run("down")).toMatchObject({ code: 0 });
  expect(await up()).toEqual([]);
  expect(await run("down")).toMatchObject({ code: 2, stderr: expect.stringContaining("CLI_NO_CLOUD") });
  expect(readdirSync(join(folder, readdirSync(folder)[0] ?? "")).filter((file) => file !== "keys.json")).toEqual([]);
});

test("a cloud that can't come up says why, and leaves nothing behind", async () => {
  const refused = await run("up", "--detach", "--block", "10.0");
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain("CLI_DID_NOT_START");
  expect(refused.stderr.trim().split("\n")).toHaveLength(1);
  expect(await up()).toEqual([]);
});
