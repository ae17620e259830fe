import { type ClauseListing, listClauses } from "../conformance/osb/listing.ts";
import { EXIT } from "./errors.ts";

/** The options of `clauses`. */
interface ClausesOptions {
  readonly json?: boolean;
}

/** The widths of the columns: clause, level, version, checks. */
function line({ id, level, since, checks, mutants, reason }: ClauseListing, width: number): string {
  const start = `${id.padEnd(width)}  ${level.padEnd(6)}  ${since}`;
  if (checks.length === 0) return `${start}  not testable: ${reason ?? ""}`;
  const judges = checks.length === 1 && checks[0] === id ? "check of the same name" : checks.join(", ");
  return `${start}  ${judges}  (${mutants.length} ${mutants.length === 1 ? "mutant" : "mutants"})`;
}

function print(clauses: readonly ClauseListing[]): void {
  const width = Math.max(...clauses.map(({ id }) => id.length));
  for (const [section, list] of Map.groupBy(clauses, (clause) => clause.section)) {
    console.log(`\n${section}`);
    for (const clause of list) console.log(`  ${line(clause, width)}`);
  }
  const untestable = clauses.filter(({ checks }) => checks.length === 0).length;
  const mutants = new Set(clauses.flatMap((clause) => clause.mutants)).size;
  console.log(
    `\n${clauses.length} clauses: ${clauses.length - untestable} with a check, proven by ${mutants} mutants; ${untestable} not testable over HTTP`,
  );
}

/** `drydock clauses`: prints which checks judge which clause. Returns the exit code. */
export async function clauses(options: ClausesOptions): Promise<number> {
  const list = listClauses();
  if (options.json === true) console.log(JSON.stringify(list, null, 2));
  else print(list);
  return EXIT.ok;
}
