/**
 * Writes docs/conformance from the suites: the clauses with their checks and mutants, and the kill matrix. With `--check` it
 * writes nothing and fails when what is there is stale. Fails, too, when the matrix is not sound.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { MUTANT_SETS, selftest } from "../conformance/index.ts";
import { clausePage, matrixPage, type SuiteMatrix } from "../conformance/selftest/pages.ts";

const FOLDER = new URL("../docs/conformance/", import.meta.url);
const isCheck = process.argv.includes("--check");

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
    console.error(`docs/conformance/${name} is stale: npm run docs`);
    process.exitCode = 1;
    return;
  }
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(new URL(name, FOLDER), text);
  console.log(`wrote docs/conformance/${name}`);
}

const suites: SuiteMatrix[] = [];
for (const mutantSet of MUTANT_SETS) {
  const result = await selftest(mutantSet);
  suites.push({ mutantSet, result });
  const { checks, mutants } = result.matrix;
  console.log(
    `${mutantSet.suite}: ${checks.length} checks, ${mutants.length} mutants, ${result.problems.length} problems`,
  );
  for (const { text } of result.problems) console.error(text);
  if (result.problems.length > 0) process.exitCode = 1;
}
put("osb.md", clausePage());
put("kill-matrix.md", matrixPage(suites));
