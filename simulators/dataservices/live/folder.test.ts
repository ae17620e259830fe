import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { expect, it, vi } from "vitest";
import { sweep } from "./folder.ts";

/** A process that creates a run folder with a fake server, prints their path and pid, and waits to be killed. */
const VICTIM = `
  const { createRunFolder } = await import(${JSON.stringify(new URL("./folder.ts", import.meta.url).href)});
  const { spawn } = await import("node:child_process");
  const { mkdirSync, writeFileSync } = await import("node:fs");
  const { path } = await createRunFolder();
  mkdirSync(path + "/data-1");
  const server = spawn("sh", ["-c", "sleep 600; :", path], { detached: true, stdio: "ignore" });
  writeFileSync(path + "/data-1/postmaster.pid", server.pid + "\\n");
  console.log(JSON.stringify({ path, pid: server.pid }));
  setInterval(() => {}, 1000);
`;

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

it("leaves neither server nor folder behind when the process is killed", async () => {
  const victim = spawn(process.execPath, ["--input-type=module", "-e", VICTIM], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await new Promise<Buffer>((resolve) => victim.stdout.once("data", resolve))).toString().split("\n");
  const { path, pid } = JSON.parse(line ?? "") as { path: string; pid: number };
  expect([existsSync(path), isAlive(pid)]).toEqual([true, true]);
  victim.kill("SIGKILL");
  await expect.poll(() => [existsSync(path), isAlive(pid)]).toEqual([false, false]);
});

it("sweeps what dead processes left, and leaves the folders of living ones", async () => {
  // A separate place, because any process that starts a plane may sweep the usual one first.
  const place = await mkdtemp(join(tmpdir(), "drydock-test-"));
  vi.stubEnv("TMPDIR", place);
  try {
    const dead = spawn(process.execPath, ["-e", "0"], { stdio: "ignore" });
    await new Promise((resolve) => dead.once("exit", resolve));
    const left = await mkdtemp(join(place, `drydock-data-${dead.pid}-`));
    const ours = await mkdtemp(join(place, `drydock-data-${process.ppid}-`));
    await writeFile(join(left, "file"), "");
    expect(await sweep()).toEqual([basename(left)]);
    expect([existsSync(left), existsSync(ours)]).toEqual([false, true]);
  } finally {
    vi.unstubAllEnvs();
    await rm(place, { recursive: true });
  }
});
