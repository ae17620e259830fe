import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { TestDirector } from "../testing/director.ts";
import { RULES } from "./index.ts";
import { RULES_PAGE, rulesPage } from "./page.ts";
import { applyChange, CLOUD, MANIFEST, type Rule, RUNTIME } from "./rule.ts";

const director = new TestDirector();

beforeAll(() => director.ready());

const upload = (kind: "cloud" | "runtime", content: unknown): { readonly status: number; readonly json?: unknown } =>
  director.send("POST", `/${kind}_configs?name=`, { type: "text/yaml", body: JSON.stringify(content) });

/** The director's answer to the input of a rule: at once, or by the task that it starts. */
function refusalOf({ of, change }: Rule): unknown {
  const input = (kind: Rule["of"], base: object): unknown => applyChange(base, of === kind ? change : {});
  for (const [kind, base] of [
    ["cloud", CLOUD],
    ["runtime", RUNTIME],
  ] as const) {
    const { status, json } = upload(kind, input(kind, base));
    if (status >= 400) {
      const { code, description } = json as { code: number; description: string };
      return { code, message: description };
    }
  }
  const { events } = director.deployText(JSON.stringify(input("manifest", MANIFEST)));
  return events.findLast(({ error }) => error !== undefined)?.error;
}

describe("a rule of the director", () => {
  it("is broken by none of the inputs that the rules change", () => {
    const rule: Rule = { source: "", error: "", code: 0, text: "", of: "manifest", change: {} };
    expect(refusalOf(rule)).toBeUndefined();
  });

  it.each(RULES.map((rule) => [`${rule.source} ${rule.error}: ${rule.text}`, rule] as const))("%s", (_title, rule) => {
    expect(refusalOf(rule)).toEqual({ code: rule.code, message: rule.text });
  });
});

it("has a page that says what is modelled", () => {
  expect(readFileSync(RULES_PAGE, "utf8")).toBe(rulesPage());
});
