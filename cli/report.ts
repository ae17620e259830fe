import { statSync } from "node:fs";
import { join } from "node:path";
import { mergeRuns, paintFor, plain, statement, summaryLines, writeReports } from "../reports/index.ts";
import { readRun } from "../reports/stream.ts";
import { EXIT, UserError } from "./errors.ts";

/** The event stream of a run: the file, or `run.jsonl` in the folder. @throws UserError CLI_NO_REPORT */
function findStream(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) throw new UserError("CLI_NO_REPORT", `${path} does not exist`);
  return stats.isDirectory() ? join(path, "run.jsonl") : path;
}

/** The options of `report`. */
interface ReportOptions {
  readonly out: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** `drydock report RUNS… --out DIR`: writes all reports of finished runs again. Returns the exit code. @throws UserError CLI_NO_REPORT, ReportError */
export async function report(runs: readonly string[], options: ReportOptions): Promise<number> {
  const streams = runs.map((run) => ({ run, ...readRun(findStream(run)) }));
  for (const { run, torn } of streams) {
    if (torn !== undefined)
      process.stderr.write(`drydock: ${run}: line ${torn.line} is torn (the run was killed); it is left out\n`);
  }
  const written = writeReports(options.out, mergeRuns(...streams.map(({ events }) => events)));
  if (options.json === true || options.quiet === true) {
    const { verdict, conformant, headline, counts } = written.report;
    const found = { verdict, conformant, headline, counts, files: written.paths };
    process.stdout.write(`${options.json === true ? JSON.stringify(found) : plain(statement(written.report))}\n`);
    return EXIT.ok;
  }
  const lines = summaryLines(written.report, { paint: paintFor(process.stdout), reportPath: written.paths.html });
  process.stdout.write(`${lines.join("\n")}\n`);
  return EXIT.ok;
}
