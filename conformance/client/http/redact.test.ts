import fc from "fast-check";
import { expect, it } from "vitest";
import { redactText, REDACTED } from "./redact.ts";

const secret = fc.stringMatching(/^[\w.~+=-]{8,24}$/).filter((text) => !REDACTED.includes(text));
const around = fc.string();

it("no text shows a given secret, wherever and however often it occurs", () => {
  fc.assert(
    fc.property(fc.array(around, { minLength: 2 }), secret, (parts, hidden) => {
      expect(redactText(parts.join(hidden), [hidden])).not.toContain(hidden);
    }),
  );
});

it("no text shows the credentials in an Authorization header or a URL", () => {
  fc.assert(
    fc.property(around, secret, fc.constantFrom("Basic ", "Bearer ", "bearer "), (before, hidden, scheme) => {
      const shown = redactText(`${before} ${scheme}${hidden} postgres://user:${hidden}@db:5432/x`);
      expect(shown).not.toContain(hidden);
      expect(shown).toContain("db:5432/x");
    }),
  );
});

it("leaves a text without credentials alone", () => {
  const text = "Error: expected 201\n    at check (checks/catalog.ts:1:2)";
  expect(redactText(text, ["swordfish"])).toBe(text);
});
