import { describe, expect, test } from "vitest";
import { MEASURES } from "./measures.ts";
import { findGrowth, readRatchets } from "./ratchet.ts";
import { readSources } from "./source.ts";

const sources = readSources();
const ratchets = readRatchets();

describe("the repository is at least as tidy as it was", () => {
  test.each(MEASURES)("$name: $about", ({ name, count }) => {
    expect(findGrowth(count(sources), ratchets[name] ?? {}), "npm run tidy -- --list shows where").toEqual([]);
  });
});
