/**
 * `npm run docs`: writes the generated pages of docs/: drydock.yml with its schema, the clauses with their checks and mutants, the kill matrix,
 * and the field brokers. `npm run selftest` (`--check`) writes nothing.
 *
 * Exit code 0 if the kill matrix is sound and, with `--check`, no page is stale; 1 otherwise.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { Option } from "commander";
import { MUTANT_SETS, selftest } from "../conformance/index.ts";
import { schemaDocument, settingsPage } from "../conformance/settings/documentation.ts";
import { clausePage, matrixPage, type SuiteMatrix } from "../conformance/selftest/pages.ts";
import { DATA_PAGES, suitePage } from "../conformance/selftest/suite-page.ts";
import { fieldMatrix } from "../conformance/selftest/field/matrix.ts";
import { fieldPage } from "../conformance/selftest/field/page.ts";
import { scriptCommand } from "./command.ts";

const FOLDER = new URL("../docs/", import.meta.url);
const { check: isCheck, suite } = scriptCommand(
  "npm run docs --",
  "Run the mutants of every suite, and write the generated pages of docs/.",
)
  .addOption(
    new Option(
      "--suite <suite>",
      "run the mutants of this suite only, and don't touch the pages of the suites",
    ).choices(MUTANT_SETS.map((each) => each.suite)),
  )
  .option("--check", "write nothing, and fail if a page is stale")
  .parse()
  .opts<{ check?: boolean; suite?: string }>();

function readPage(name: string): string | undefined {
  try {
    return readFileSync(new URL(name, FOLDER), "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

function publish(name: string, text: string): void {
  if (readPage(name) === text) return;
  if (isCheck) {
    console.error(`docs/${name} is stale: npm run docs`);
    process.exitCode = 1;
    return;
  }
  mkdirSync(new URL(".", new URL(name, FOLDER)), { recursive: true });
  writeFileSync(new URL(name, FOLDER), text);
  console.log(`wrote docs/${name}`);
}

publish("drydock-yml.md", settingsPage());
publish("drydock.schema.json", schemaDocument());

const suites: SuiteMatrix[] = [];
for (const mutantSet of MUTANT_SETS.filter((each) => suite === undefined || each.suite === suite)) {
  const result = await selftest(mutantSet);
  suites.push({ mutantSet, result });
  const { checks, mutants } = result.matrix;
  console.log(
    `${mutantSet.suite}: ${checks.length} checks, ${mutants.length} mutants, ${result.problems.length} problems`,
  );
  for (const { text } of result.problems) console.error(text);
  if (result.problems.length > 0) process.exitCode = 1;
}
if (suite === undefined) {
  publish("conformance/osb.md", clausePage());
  publish("conformance/kill-matrix.md", matrixPage(suites));
  for (const [name, page] of Object.entries(DATA_PAGES)) {
    const matrix = suites.find(({ mutantSet }) => mutantSet.suite === name);
    if (matrix !== undefined) publish(`conformance/${name}.md`, suitePage(page, matrix));
  }
  publish("conformance/field.md", fieldPage(await fieldMatrix()));
}
