import { createServer } from "node:net";
import { once } from "node:events";
import { afterEach, describe, expect, it, vi } from "vitest";
import { noPaint } from "../../reports/terminal.ts";
import { LIVE_BLOCKS } from "../../simulators/live/block.ts";
import { addressPlan } from "../../simulators/addresses.ts";
import { doctorLines } from "./doctor.ts";
import { probeBrowser, probeScratch } from "./machine.ts";
import { probeBlocks, probeProxy } from "./network.ts";
import { PROBES_OF_CLIENTS, probePostgres, probeRedis } from "./programs.ts";

afterEach(() => void vi.unstubAllEnvs());

describe("doctor", () => {
  it("counts the free blocks, without those that are in use", async () => {
    const last = LIVE_BLOCKS.at(-1) ?? "";
    const server = createServer().listen(7700, addressPlan(last).control);
    await once(server, "listening");
    const { found, state } = await probeBlocks();
    server.close();
    expect(state).toBe("ok");
    expect(Number.parseInt(found, 10)).toBeLessThan(LIVE_BLOCKS.length);
  });

  it("reports what is not on the PATH, what that affects and what to do", async () => {
    vi.stubEnv("PATH", "/nowhere");
    const findings = await Promise.all([probeRedis(), ...PROBES_OF_CLIENTS.map((probe) => probe())]);
    for (const finding of findings) {
      expect(finding.state).toBe("less");
      expect(finding.affects).toBeTruthy();
      expect(finding.help).toMatch(/install/);
    }
  });

  it("distinguishes a proxy that covers loopback from one that does not", async () => {
    vi.stubEnv("http_proxy", "http://proxy.example.com:3128");
    vi.stubEnv("no_proxy", "");
    vi.stubEnv("NO_PROXY", "");
    expect((await probeProxy()).state).toBe("less");
    vi.stubEnv("no_proxy", "127.0.0.0/8");
    expect((await probeProxy()).state).toBe("ok");
  });

  it("reports a folder for temporary files that is not a folder, and a browser that can't be run", async () => {
    vi.stubEnv("TMPDIR", "/proc/nowhere");
    expect((await probeScratch()).state).toBe("missing");
    vi.stubEnv("DRYDOCK_CHROMIUM", "/proc/nowhere");
    expect((await probeBrowser()).state).toBe("less");
  });

  it("finds the PostgreSQL of the package", async ({ skip }) => {
    const found = await probePostgres();
    if (found.state === "missing") return skip(found.found);
    expect(found.found).toMatch(/^\d+, \//);
  });

  it("prints aligned lines, each fault with its help, and counts them", () => {
    const lines = doctorLines(
      [
        { name: "a", state: "ok", found: "fine" },
        { name: "longer", state: "missing", found: "gone", affects: "up", help: "mend it" },
      ],
      noPaint,
    );
    expect(lines).toEqual([
      "✓ a       fine",
      "✗ longer  gone",
      "          affects  up",
      "          do       mend it",
      "",
      "1 thing is missing.",
    ]);
  });
});
