import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { PLANTED_BUGS } from "./index.ts";
import { type Hunt, matrixPage, parseHunts } from "./matrix.ts";

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");

const [first, second, third, fourth] = PLANTED_BUGS;
const hunt = (bug: string | undefined, change: Partial<Hunt>): Hunt => ({
  bug: bug ?? "",
  seed: 3,
  played: 3,
  isShrunk: true,
  lines: ["provision tenant=0"],
  path: "0:1",
  reason: "it | broke",
  ...change,
});

describe("the page of planted bugs", () => {
  it("is written from the hunts that are kept", () => {
    expect(read("../../docs/planted-bugs.md")).toBe(matrixPage(PLANTED_BUGS, parseHunts(read("./hunts.json"))));
  });

  it("counts as caught what was found in time and is short enough to read, and tells what nobody has hunted", () => {
    const page = matrixPage(PLANTED_BUGS, [
      hunt(first?.name, {}),
      hunt(second?.name, { seed: null, played: 300, lines: [], path: "" }),
      hunt(third?.name, { isShrunk: false, lines: Array.from({ length: 20 }, () => "write") }),
      hunt(fourth?.name, { lines: Array.from({ length: 9 }, () => "write") }),
    ]);
    expect(page).toContain(`**3 of ${PLANTED_BUGS.length}** are found within 300 seeds, 1 of them also shrunk`);
    expect(page).toContain(`${PLANTED_BUGS.length - 4} have not been hunted`);
    expect(page).toContain(`| \`${first?.name}\` | ${first?.part} | … ${first?.does} | 3 | 1 | it \\| broke |`);
    expect(page).toContain("**not found** in 300 |  |");
    expect(page).toContain("| 3 | 20, not shrunk |");
    expect(page).toContain(`replay provisioning --seed 3 --path "0:1" --planted-bug ${first?.name}`);
  });

  it("keeps hunts of bugs that exist, each once", () => {
    const hunted = parseHunts(read("./hunts.json")).map(({ bug }) => bug);
    expect(new Set(hunted).size).toBe(hunted.length);
    expect(PLANTED_BUGS.map(({ name }) => name)).toEqual(expect.arrayContaining(hunted));
  });
});
