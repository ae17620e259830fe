import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { expect, test } from "vitest";
import { plant } from "./slip.ts";
import { SLIPS } from "./slips.ts";

test.each(SLIPS)("$id can be planted, and what stands then is still TypeScript", (slip) => {
  const planted = plant(slip, readFileSync(slip.file, "utf8"));
  expect(() => stripTypeScriptTypes(planted)).not.toThrow();
});

test("no two slips have the same id", () => {
  expect(new Set(SLIPS.map(({ id }) => id)).size).toBe(SLIPS.length);
});
