import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { byKey, byText, isoMicroseconds, isoSeconds, isUuid, isUuidLike, Kernel } from "./index.ts";

describe("a UUID", () => {
  test.prop([fc.uuid()])("is canonical in lower case and with hyphens, and tolerable without either", (uuid) => {
    expect([isUuid(uuid), isUuidLike(uuid)]).toEqual([true, true]);
    expect([isUuid(uuid.replaceAll("-", "")), isUuidLike(uuid.replaceAll("-", ""))]).toEqual([false, true]);
    expect(isUuidLike(uuid.toUpperCase())).toBe(true);
    expect(isUuid(uuid.toUpperCase())).toBe(uuid === uuid.toUpperCase());
  });

  it("is what a kernel's streams generate", () => {
    const kernel = new Kernel();
    expect(isUuid(kernel.random("ids").uuid())).toBe(true);
    expect(isUuid(kernel.secrets("tokens").uuid())).toBe(true);
  });

  it.each(["", "x", "00000000-0000-4000-8000-00000000000", "g0000000-0000-4000-8000-000000000000"])(
    "is not %j",
    (text) => {
      expect([isUuid(text), isUuidLike(text)]).toEqual([false, false]);
    },
  );
});

describe("a time", () => {
  it("is written in whole seconds, rounded down, or to the microsecond", () => {
    const ms = Date.UTC(2026, 10, 22, 8, 47, 19, 987);
    expect(isoSeconds(ms)).toBe("2026-11-22T08:47:19Z");
    expect(isoMicroseconds(ms)).toBe("2026-11-22T08:47:19.987000");
  });
});

describe("the order of texts", () => {
  test.prop([fc.array(fc.string()), fc.string(), fc.string()])("is that of `sort`, for keys as well", (texts, a, b) => {
    expect(texts.toSorted(byText)).toEqual(texts.toSorted());
    expect(Math.sign(byKey([a, 1], [b, 0]))).toBe(Math.sign(byText(a, b)));
    expect(byText(a, b) + byText(b, a)).toBe(0);
  });
});
