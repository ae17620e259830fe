import { afterEach, describe, expect, it, vi } from "vitest";
import { TARGET_ERRORS, TargetError, type TargetErrorCode } from "../conformance/index.ts";
import { explain, USER_ERRORS, UserError } from "./errors.ts";

function explanationOf(error: unknown): string {
  const print = vi.spyOn(console, "error").mockImplementation(() => {});
  expect(explain(error, false)).toBe(2);
  return print.mock.calls.map(([line]) => String(line)).join("\n");
}

afterEach(() => void vi.restoreAllMocks());

describe("why a command could not run", () => {
  it.each(Object.keys(TARGET_ERRORS) as TargetErrorCode[])("is for the user to fix: %s", (code) => {
    const line = explanationOf(new TargetError(code, "GET http://127.0.0.1:1/v2/catalog"));
    expect(line).toBe(`drydock: GET http://127.0.0.1:1/v2/catalog. ${TARGET_ERRORS[code]} [${code}]`);
  });

  it.each(Object.keys(USER_ERRORS) as (keyof typeof USER_ERRORS)[])("is for the user to fix: %s", (code) => {
    expect(explanationOf(new UserError(code, "What was given"))).toBe(
      `drydock: What was given (${code}: ${USER_ERRORS[code]})`,
    );
  });

  it("is reported as a defect of drydock in one line if it is any other error", () => {
    expect(explanationOf(new Error("first\nsecond"))).toMatch(
      /^drydock: unexpected: first \(a defect of drydock itself.*--debug.*\)$/,
    );
  });
});
