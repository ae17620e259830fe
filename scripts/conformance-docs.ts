/**
 * Writes what is generated in docs/: drydock.yml with its schema, the clauses with their checks and mutants, the kill matrix, and
 * the field brokers with what the suite says of them.
 * With `--check` it writes nothing and fails when what is there is stale. Fails, too, when the matrix is not sound.
 *
 *   --suite NAME   runs the mutants of this suite only, and leaves the pages of the suites alone
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { MUTANT_SETS, selftest } from "../conformance/index.ts";
import { schemaDocument, settingsPage } from "../conformance/settings/documentation.ts";
import { clausePage, matrixPage, type SuiteMatrix } from "../conformance/selftest/pages.ts";
import { fieldMatrix } from "../conformance/osb/field/matrix.ts";
import { fieldPage } from "../conformance/selftest/field-page.ts";

const FOLDER = new URL("../docs/", import.meta.url);
const { values } = parseArgs({ options: { check: { type: "boolean" }, suite: { type: "string" } } });
const isCheck = values.check === true;

function textOf(name: string): string | undefined {
  try {
    return readFileSync(new URL(name, FOLDER), "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

function put(name: string, text: string): void {
  if (textOf(name) === text) return;
  if (isCheck) {
    console.error(`docs/${name} is stale: npm run docs`);
    process.exitCode = 1;
    return;
  }
  mkdirSync(new URL(".", new URL(name, FOLDER)), { recursive: true });
  writeFileSync(new URL(name, FOLDER), text);
  console.log(`wrote docs/${name}`);
}

put("drydock-yml.md", settingsPage());
put("drydock.schema.json", schemaDocument());

const suites: SuiteMatrix[] = [];
for (const mutantSet of MUTANT_SETS.filter(({ suite }) => suite === (values.suite ?? suite))) {
  const result = await selftest(mutantSet);
  suites.push({ mutantSet, result });
  const { checks, mutants } = result.matrix;
  console.log(
    `${mutantSet.suite}: ${checks.length} checks, ${mutants.length} mutants, ${result.problems.length} problems`,
  );
  for (const { text } of result.problems) console.error(text);
  if (result.problems.length > 0) process.exitCode = 1;
}
if (values.suite === undefined) {
  put("conformance/osb.md", clausePage());
  put("conformance/kill-matrix.md", matrixPage(suites));
  put("conformance/field.md", fieldPage(await fieldMatrix()));
}
