import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anchorsOf, commentsOf, findDeadReferences, headingsOf, type Text } from "./references.ts";

const PAGE = { path: "docs/page.md", text: '# Page\n\n## Errors of `x`\n\n### Errors of x\n\n<a id="old"></a>\n' };
const here = "docs/page.md";
const gone = "docs/gone.md";
const decision = "decisions/0099";

function findIn(planted: {
  readonly documents?: readonly Text[];
  readonly sources?: readonly (Text & { readonly isTest: boolean })[];
}): string[] {
  const documents = [PAGE, { path: "decisions/0001-why.md", text: "# Why\n" }, ...(planted.documents ?? [])];
  const files = new Set(["src/README.md", "src/a.ts", "docs", ...documents.map(({ path }) => path)]);
  const repository = { documents, sources: planted.sources ?? [], has: (path: string) => files.has(path) };
  return findDeadReferences(repository).map(({ reference }) => reference);
}

function inSource(text: string, isTest = false): string[] {
  return findIn({ sources: [{ path: "src/a.ts", text, isTest }] });
}

function inDocument(text: string): string[] {
  return findIn({ documents: [{ path: "docs/other.md", text }] });
}

describe("a comment", () => {
  test.each([
    [`// see ${here}`],
    [`/** Why (${here}, "Errors of x"). */`],
    [`/**\n * Why (${here}, "Page" and\n * "Errors of x").\n */`],
    ["/** Settings: README.md, src/README.md; page.md is what it writes. */"],
    ["/** As spec.md and `profile.md: …` of the specification say. */"],
    ["// why: decisions/0001"],
    ["// RFC 9110 §14, Fetch §3.2"],
  ])("that cites something that exists is accepted: %s", (text) => {
    expect(inSource(text)).toEqual([]);
  });

  test.each([
    [`// see ${gone}`, gone],
    [`/** Why (${here}, "Nothing"). */`, `${here}, "Nothing"`],
    [`/** Why (${here}, "Page" and "Nothing"). */`, `${here}, "Nothing"`],
    [`/** Why (${here}, "Page", "Errors of x", and "Nothing"). */`, `${here}, "Nothing"`],
    [`/**\n * Why (${here},\n * "Not\n * hing").\n */`, `${here}, "Not hing"`],
    [`// Why (${here},\n// "Nothing").`, `${here}, "Nothing"`],
    [`const a = 1; // ${gone}`, gone],
    ["/** Default quotas (facts.md, 2.1). */", "facts.md"],
    [`// why: ${decision}`, decision],
  ])("that cites something missing is found: %s", (text, reference) => {
    expect(inSource(text)).toEqual([reference]);
  });

  test.each(["contract §7, §15", "api.md §3.1", "clauses.yaml §2", "see contract, §4", "(§14)", "(see §2)"])(
    "that cites a section of a paper is found: %s",
    (citation) => {
      expect(inSource(`/** Why ${citation}. */`)).not.toEqual([]);
    },
  );
});

test("in a test only the comments are read", () => {
  expect(inSource(`const planted = "${gone}";`, true)).toEqual([]);
  expect(inSource(`// see ${gone}`, true)).toEqual([gone]);
});

test("an error text that names a missing page is found", () => {
  expect(inSource(`throw new Error("see ${gone}")`)).toEqual([gone]);
  expect(inSource(`throw new Error('see ${here}, "Nothing"')`)).toEqual([`${here}, "Nothing"`]);
  expect(inSource(`throw new Error("see ${here}"); const lists = ["${here}", "Nothing"];`)).toEqual([]);
});

describe("a document", () => {
  test.each([
    "[a](page.md) [b](page.md#page) [c](page.md#errors-of-x) [d](page.md#errors-of-x-1) [e](page.md#old)",
    "[up](../src/README.md) [root](/docs/page.md) [folder](../docs) [line](../src/a.ts#L12)",
    "[self](#here)\n\n# Here",
    "[out](https://example.org/gone.md#x) [mail](mailto:a@example.org) [title](page.md 'a title')",
    "```\n[code](gone.md)\n```\n`[code](gone.md)`",
    "[badge]: page.md",
  ])("whose links resolve is accepted: %s", (text) => {
    expect(inDocument(text)).toEqual([]);
  });

  test.each([
    ["[a](gone.md)", "gone.md"],
    ["[a](gone%20.md)", "gone%20.md"],
    ["[a](page.md#nothing)", "page.md#nothing"],
    ["[a](page.md#errors-of-x-2)", "page.md#errors-of-x-2"],
    ["[a](#nothing)", "#nothing"],
    ["[![image](gone.png)](page.md)", "gone.png"],
    ["[a](../../outside.md)", "../../outside.md"],
    ["[label]: gone.md", "gone.md"],
    ["[a](../src/a.ts#nothing)", "../src/a.ts#nothing"],
    [`see \`${gone}\``, gone],
    [`see ${here},\n"Nothing"`, `${here}, "Nothing"`],
    ["see api.md §3", "api.md §3"],
  ])("with a dead reference is found: %s", (text, reference) => {
    expect(inDocument(text)).toEqual([reference]);
  });
});

test("headings are read without their marks, and not from code", () => {
  const text = "# A `b` *c* [d](e.md) #\n```\n# no heading\n```\nUnderlined\n---\n\n| a |\n|---|\n\n- item\n---\n";
  expect(headingsOf(text)).toEqual(["A b c d", "Underlined"]);
});

test("anchors are made as on GitHub", () => {
  expect([...anchorsOf("# It's A/B: x_y – ß!\n# A  b\n# A\n# A\n# A-1\n")]).toEqual([
    "its-ab-x_y--ß",
    "a--b",
    "a",
    "a-1",
    "a-1-1",
  ]);
});

test("every heading has its own anchor", () => {
  const heading = fc.stringMatching(/^[a-c][a-c 1.-]{0,4}[a-c1]$/);
  fc.assert(
    fc.property(fc.array(heading), (headings) => {
      const text = headings.map((each) => `## ${each}`).join("\n");
      expect(anchorsOf(text).size).toBe(headings.length);
    }),
  );
});

test("comments are read without their stars, consecutive lines as one", () => {
  expect(commentsOf("/**\n * One\n * two\n */\n// three\n// four\ncode // five\n")).toBe(
    "/** One two */\n// three four\n// five",
  );
});
