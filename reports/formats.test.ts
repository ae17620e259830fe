import fc from "fast-check";
import { expect, test } from "vitest";
import { ctrf } from "./ctrf.ts";
import { EXAMPLE_RUN, EXAMPLE_SCENARIO } from "./fixtures/example.ts";
import { anyRun, anyText } from "./fixtures/runs.ts";
import { ANNOTATIONS_MAX, githubAnnotations } from "./github.ts";
import { junitXml } from "./junit.ts";
import { foldRun } from "./fold.ts";
import { summaryMarkdown } from "./markdown.ts";
import { eventLinesOf, sarif } from "./sarif.ts";
import { element, escapeText } from "./xml.ts";

const report = foldRun(EXAMPLE_RUN);
const scenario = foldRun(EXAMPLE_SCENARIO);

/** The characters of XML 1.0, section 2.2, production 2. */
const IS_XML_TEXT = /^(?:[\t\n\r\u0020-\ud7ff\ue000-\ufffd]|[\ud800-\udbff][\udc00-\udfff])*$/;
const TOKEN =
  /<\?xml[^?]*\?>|<\/([a-z-]+)>|<([a-z-]+)((?: [a-z]+="[^"<&]*(?:&(?:amp|lt|gt|quot|#9|#10|#13);[^"<&]*)*")*)(\/?)>|((?:[^<>&]|&(?:amp|lt|gt|#13);)+)/y;

/** Whether a text is well-formed, by the part of the grammar that the writer uses: allowed characters, tags that nest. */
function isWellFormed(xml: string): boolean {
  if (!IS_XML_TEXT.test(xml)) return false;
  const open: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < xml.length) {
    const [, closed, opened, , empty] = TOKEN.exec(xml) ?? [];
    if (TOKEN.lastIndex === 0) return false;
    if (closed !== undefined && open.pop() !== closed) return false;
    if (opened !== undefined && empty === "") open.push(opened);
  }
  return open.length === 0;
}

test.each(["<a>", "<a></b>", "<a b='c'/>", '<a b="<"/>', "<a>&</a>", "<a>\u0001</a>", "<a>\ud800</a>"])(
  "the test's own check of well-formedness refuses %j",
  (xml) => {
    expect(isWellFormed(xml)).toBe(false);
  },
);

test("whatever a broker answered, JUnit is well-formed XML", () => {
  fc.assert(
    fc.property(anyRun, (events) => {
      expect(isWellFormed(junitXml(foldRun(events)))).toBe(true);
    }),
  );
  fc.assert(
    fc.property(anyText, anyText, (value, text) => {
      expect(isWellFormed(element("a", { value }, [escapeText(text)]))).toBe(true);
    }),
    { numRuns: 1_000 },
  );
});

test("JUnit has a test case per check with its clauses as properties", () => {
  const xml = junitXml(report);
  expect(xml.match(/<testcase /g)).toHaveLength(10);
  expect(xml).toContain(
    '<testsuite name="osb" timestamp="2026-03-01T12:00:00.000Z" tests="6" failures="2" errors="1" skipped="1"',
  );
  expect(xml).toMatch(
    /^<\?xml.*\n<testsuites name="[^"]*" tests="10" failures="\d+" errors="\d+" skipped="\d+" time="[\d.]+">/,
  );
  expect(xml).toMatch(/<property name="warning" value="[^"]+"\/>/);
  expect(xml).toContain('<property name="clause" value="provision-conflict-409"/>');
  expect(xml).toContain('<failure type="MUST" message="expected 409 Conflict, seen 200 OK with an empty object">');
  expect(xml).toContain("&lt;/script&gt;");
});

test("the counts and times of JUnit add up", () => {
  fc.assert(
    fc.property(anyRun, (events) => {
      const [all = "", ...suites] = [...junitXml(foldRun(events)).matchAll(/<testsuites? [^>]*>/g)].map(([tag]) => tag);
      for (const name of ["tests", "failures", "errors", "skipped", "time"]) {
        const of = (tag: string) => Number(new RegExp(` ${name}="([\\d.]+)"`).exec(tag)?.[1] ?? 0);
        expect(of(all)).toBeCloseTo(
          suites.reduce((sum, suite) => sum + of(suite), 0),
          1,
        );
      }
    }),
  );
});

test("JUnit has a test case per seed with the line that replays it", () => {
  const xml = junitXml(scenario);
  expect(xml.match(/<testcase /g)).toHaveLength(3);
  expect(xml).toContain('<property name="replay" value="drydock replay provisioning --seed 2 --path 0:3:1"/>');
});

test("a run that broke off is an error in JUnit, even when all that ran passed", () => {
  const xml = junitXml(foldRun(EXAMPLE_SCENARIO.slice(0, 2)));
  expect(xml).toContain('<error type="incomplete"');
});

test("SARIF has a rule for each clause and a result for each finding", () => {
  const { runs } = JSON.parse(JSON.stringify(sarif(report, eventLinesOf(EXAMPLE_RUN))));
  const [run] = runs;
  const ruleIds: string[] = run.tool.driver.rules.map((rule: { id: string }) => rule.id);
  expect(new Set(ruleIds)).toEqual(new Set(report.checks.flatMap((check) => check.clauses)));
  expect(run.results.map((result: { level: string }) => result.level)).toEqual(["error", "error", "note", "warning"]);
  for (const { ruleId } of run.results) expect(ruleIds).toContain(ruleId);
});

test("SARIF links to the specification, the line of the stream, and the accused endpoint", () => {
  const { runs } = JSON.parse(JSON.stringify(sarif(report, eventLinesOf(EXAMPLE_RUN))));
  const [{ results, tool }] = runs;
  const rule = tool.driver.rules.find(({ id }: { id: string }) => id === "provision-conflict-409");
  expect(rule.helpUri).toBe("https://github.com/openservicebrokerapi/servicebroker/blob/v2.17/spec.md#provisioning");
  const [{ physicalLocation, logicalLocations }] = results[0].locations;
  const line = EXAMPLE_RUN[physicalLocation.region.startLine - 1];
  expect(line?.type === "check-finished" && line.check.id).toBe(results[0].properties.check);
  expect(logicalLocations[0].name).toBe("PUT /v2/service_instances/:instance_id");
});

test("SARIF says once what is wrong, and the summary says how to give the login that its lines leave out", () => {
  const text = JSON.stringify(sarif(foldRun(EXAMPLE_RUN), eventLinesOf(EXAMPLE_RUN)));
  expect(text.split("seen 200 OK with an empty object")).toHaveLength(2);
  expect(text).not.toContain("Seen: 200 OK with an empty object");
  expect(summaryMarkdown(foldRun(EXAMPLE_RUN)).split("export DRYDOCK_AUTHORIZATION=")).toHaveLength(2);
});

test("SARIF of a scenario has the counterexample", () => {
  const { runs } = JSON.parse(JSON.stringify(sarif(scenario, eventLinesOf(EXAMPLE_SCENARIO))));
  expect(runs[0].results).toHaveLength(1);
  expect(runs[0].results[0].message.text).toContain("drydock replay provisioning --seed 2");
});

test("no answer of a broker can smuggle a workflow command into the annotations", () => {
  fc.assert(
    fc.property(anyRun, (events) => {
      const lines = githubAnnotations(foldRun(events));
      for (const line of lines) expect(line).toMatch(/^::(?:error|warning|notice) title=[^:,\r\n]*::[^\r\n]*$/u);
    }),
  );
});

test("annotations are the worst findings first, ten of them, the number of the rest, and what the run was", () => {
  expect(githubAnnotations(report)[0]).toMatch(/^::error title=fail%3A provision-conflict-409::/);
  expect(githubAnnotations(report)).toHaveLength(5);
  expect(githubAnnotations(report).at(-1)).toBe("::notice title=drydock::Not conformant");
  const [started] = EXAMPLE_SCENARIO;
  const seeds = Array.from({ length: 13 }, (_, seed) => ({ ...EXAMPLE_SCENARIO[2], seed }));
  const many = githubAnnotations(foldRun([started, ...seeds] as typeof EXAMPLE_SCENARIO));
  expect(many).toHaveLength(ANNOTATIONS_MAX + 2);
  expect(many.at(-2)).toContain("3 more findings");
});

test("the counts in CTRF are those of the tests that it lists", () => {
  fc.assert(
    fc.property(anyRun, (events) => {
      const { results } = JSON.parse(JSON.stringify(ctrf(foldRun(events))));
      const { tests, passed, failed, skipped, other } = results.summary;
      expect(passed + failed + skipped + other).toBe(tests);
      expect(results.tests).toHaveLength(tests);
    }),
  );
});
