import { describe, expect, it } from "vitest";
import { EXIT_CLOSED_OUTPUT } from "./closed-output.ts";
import { EXIT } from "./errors.ts";
import { startDrydock } from "./testing/run.ts";

/** Runs a command line whose reader leaves at once, or after the first line. */
async function runUnread(args: readonly string[], after: "start" | "line" = "start") {
  const { child, ended, firstLine } = startDrydock(args);
  if (after === "line") await firstLine;
  child.stdout?.destroy();
  const { code, stderr } = await ended;
  return { code, stderr };
}

describe("a command whose standard output is closed", () => {
  it.each([
    ["help", ["up", "--help"]],
    ["a long list", ["clauses", "--json"]],
  ])(
    "ends quietly while it prints %s",
    async (_, args) => {
      expect(await runUnread(args)).toEqual({ code: EXIT_CLOSED_OUTPUT, stderr: "" });
    },
    60_000,
  );

  it("is interrupted if possible, and cleans up", async () => {
    const args = ["run", "provisioning", "--seeds", "100000", "--json"];
    const { code, stderr } = await runUnread(args, "line");
    expect(code).toBe(EXIT.interrupted);
    expect(stderr).toMatch(/^(\n?drydock: stopping and cleaning up[^\n]*\n)?$/);
  });
});
