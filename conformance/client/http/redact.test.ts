import fc from "fast-check";
import { expect, it } from "vitest";
import { redactText, REDACTED } from "./redact.ts";

const secret = fc.stringMatching(/^[\w.~+=-]{8,24}$/).filter((text) => !REDACTED.includes(text));
const around = fc.string();

it("no text shows a secret that it is given, wherever it stands and however often", () => {
  fc.assert(
    fc.property(fc.array(around, { minLength: 2 }), secret, (parts, hidden) => {
      expect(redactText(parts.join(hidden), [hidden])).not.toContain(hidden);
    }),
  );
});

it("no text shows what a header of authorization, or a URL, lets in with", () => {
  fc.assert(
    fc.property(around, secret, fc.constantFrom("Basic ", "Bearer ", "bearer "), (before, hidden, scheme) => {
      const shown = redactText(`${before} ${scheme}${hidden} postgres://user:${hidden}@db:5432/x`);
      expect(shown).not.toContain(hidden);
      expect(shown).toContain("db:5432/x");
    }),
  );
});

it("leaves a text alone that lets nobody in", () => {
  const text = "Error: expected 201\n    at check (checks/catalog.ts:1:2)";
  expect(redactText(text, ["swordfish"])).toBe(text);
});
