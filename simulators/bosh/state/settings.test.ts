import { describe, expect, it } from "vitest";
import { readDirectorSettings } from "./settings.ts";

describe("the settings of a director", () => {
  it("change nothing if they are empty", () => {
    expect(readDirectorSettings("")).toEqual({ isBasic: false, users: [], hasConfigServer: true, options: {} });
  });

  it("are read in seconds, and kept in milliseconds", () => {
    const text = "agent_wait_s: 20\nhealth_monitor:\n  interval_s: 5\n  resurrector: false\n";
    expect(readDirectorSettings(text).options).toEqual({ agentWaitMs: 20_000, analysisMs: 5000, resurrector: false });
  });

  it("take users with their scopes", () => {
    const text = "authentication: basic\nusers:\n- {name: r, password: p, scopes: [bosh.read]}\n";
    expect(readDirectorSettings(text)).toMatchObject({
      isBasic: true,
      users: [{ name: "r", password: "p", scopes: ["bosh.read"] }],
    });
  });

  it.each([
    ["workers: 0", /^workers /],
    ["redirect_status: 301", /^redirect_status /],
    ["snapshot: true", /CONFIG_BAD_DIRECTOR/],
    ["a: [", /CONFIG_BAD_DIRECTOR/],
    ["- a", /^the file /],
  ])("are refused in one line: %s", (text, message) => {
    expect(() => readDirectorSettings(text)).toThrow(message);
  });
});
