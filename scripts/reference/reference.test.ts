import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { errorEntries, errorIndex, errorPage } from "./errors.ts";
import { referencePages } from "./pages.ts";

describe("the generated reference pages", () => {
  const pages = referencePages();

  test.each(pages)("%s is up to date with the sources: npm run reference", (path, text) => {
    expect(readFileSync(path, "utf8") === text).toBe(true);
  });

  test("the library's page lists what the README uses, with its docstring", () => {
    const page = new Map(pages).get("docs/api/README.md") ?? "";
    for (const name of ["createWorld", "certify", "describeConformance", "inception", "bootCloud"])
      expect(page).toMatch(new RegExp(`^## ${name}\\n\\n[A-Z\`]`, "m"));
  });

  test("the control API's schema of a rule accepts a rule and refuses another", () => {
    const document: { components: { schemas: { FaultRule: object } } } = JSON.parse(
      new Map(pages).get("docs/control.openapi.json") ?? "",
    );
    const accepts = new Ajv2020({ strict: false }).compile(document.components.schemas.FaultRule);
    expect(accepts({ point: "nova:*", effect: { kind: "reply", status: 503 } })).toBe(true);
    expect(accepts({ point: "nova:*", effect: { kind: "explode" } })).toBe(false);
  });

  test("every error code has one page", () => {
    const codes = errorEntries().map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
    for (const entry of errorEntries()) {
      expect(errorIndex()).toContain(`(./${entry.code}.md)`);
      expect(errorPage(entry)).toMatch(new RegExp(`^# ${entry.code}\n\n?.+`));
    }
  });
});
