import { createHash, randomBytes, randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import { describeWeakness, type Sample } from "./predictable.ts";

const samples = (make: (ids: readonly string[], at: number) => string): readonly Sample[] =>
  Array.from({ length: 16 }, (_, at) => {
    const ids = [randomUUID(), randomUUID()];
    return { ids, secret: make(ids, at) };
  });

it.each([
  ["hexadecimal digits", () => randomBytes(16).toString("hex")],
  ["base64", () => randomBytes(18).toString("base64url")],
  ["a prefix and a UUID", () => `pw-${randomUUID()}`],
])("accepts %s drawn at random", (_what, make) => {
  for (let at = 0; at < 20; at++) expect(describeWeakness(samples(make))).toBeUndefined();
});

it.each([
  ["one for all", () => "the same for everybody and long enough"],
  ["a counter", (_: readonly string[], at: number) => `secret-${String(at + 100).padStart(6, "0")}`],
  ["the binding's id", ([, binding]: readonly string[]) => `pw${binding}`],
  [
    "a hash of the instance's id",
    ([instance = ""]: readonly string[]) => createHash("sha256").update(instance).digest("hex"),
  ],
  [
    "a hash of both, cut",
    ([a, b]: readonly string[]) => createHash("md5").update(`${a}${b}`).digest("hex").slice(0, 24),
  ],
  ["what is too short", () => randomBytes(5).toString("hex")],
])("refuses %s", (_what, make) => {
  expect(describeWeakness(samples(make))?.isSure).toBe(true);
});
