import { KEY_COMMANDS } from "../../simulators/dataservices/live/redis/embedded/commands/index.ts";
import { NOT_SIMULATED } from "../../simulators/dataservices/live/redis/embedded/not-simulated.ts";
import { SESSION_COMMANDS } from "../../simulators/dataservices/live/redis/embedded/session-commands.ts";
import type { Outcome } from "./outcomes.ts";

/** The content of the page. */
interface Measured {
  readonly driver: string;
  readonly program: { readonly name: string; readonly version: string };
  /** The outcomes of our engine. */
  readonly version: string;
  readonly real: readonly Outcome[];
  readonly ours: readonly Outcome[];
  readonly date: Date;
}

const count = (outcomes: readonly Outcome[], ended: Outcome["ended"]): number =>
  outcomes.filter((each) => each.ended === ended).length;

/** The cause of a failure, in a few words. */
function reasonOf({ why }: Outcome): string {
  const refused = /not simulated: ([^;"']*)/.exec(why)?.[1];
  if (refused !== undefined) return `not simulated: ${refused.trim()}`;
  const unknown = /unknown command '(\w+)'/.exec(why)?.[1];
  return unknown === undefined ? "answers otherwise" : `no command ${unknown.toUpperCase()}`;
}

function reasonTable(failures: readonly Outcome[]): readonly string[] {
  const reasons = new Map<string, string[]>();
  for (const failure of failures) {
    const reason = reasonOf(failure);
    reasons.set(reason, [...(reasons.get(reason) ?? []), failure.name.split(".").at(-1) ?? ""]);
  }
  const rows = [...reasons].sort(([, a], [, b]) => b.length - a.length);
  return rows.map(
    ([reason, names]) => `| ${reason} | ${names.length} | ${names.map((name) => `\`${name}\``).join(" ")} |`,
  );
}

function commandTable(): readonly string[] {
  const rows = Object.entries(KEY_COMMANDS).map(
    ([group, commands]) => `| ${group} | ${commands.map(({ name }) => name.toUpperCase()).join(" ")} |`,
  );
  const own = Object.keys(SESSION_COMMANDS).map((name) => name.toUpperCase());
  return [...rows, `| Connections, transactions, channels, server | ${own.join(" ")} |`];
}

function refusedTable(): readonly string[] {
  const reasons = new Map<string, string[]>();
  for (const [name, why] of NOT_SIMULATED) reasons.set(why, [...(reasons.get(why) ?? []), name.toUpperCase()]);
  return [...reasons].map(([why, names]) => `| ${why} | ${names.join(" ")} |`);
}

/** The page docs/dataservices-redis.md, and its figures in one line. */
export function pageOf({ driver, program, version, real, ours, date }: Measured): { text: string; summary: string } {
  const passing = new Set(real.filter(({ ended }) => ended === "passed").map(({ name }) => name));
  const judged = ours.filter(({ name }) => passing.has(name));
  const passed = count(judged, "passed");
  const share = ((100 * passed) / Math.max(1, judged.length)).toFixed(1);
  const day = date.toISOString().slice(0, 10);
  const failures = judged.filter(({ ended }) => ended === "failed");
  const row = (name: string, all: readonly Outcome[]): string =>
    `| ${name} | ${count(all, "passed")} | ${count(all, "failed")} | ${count(all, "skipped")} |`;
  const text = `# What serves Redis plans

Written by \`npm run drivers:redis\`. A Redis instance is served by \`redis-server\` or \`valkey-server\` (version 7 or later) where one is on the PATH, else by our own engine in this process. \`drydock up\` names which; our own calls itself \`drydock\` in \`HELLO\` and \`INFO\`, and follows the commands of Redis ${version}.

## A driver's own tests

${day}: the tests of ${driver} on commands, pipelines, channels, encodings and locks, without those for clusters and modules. On ${program.name} ${program.version} they say what a real server passes here; of these, **our engine passes ${passed} of ${judged.length} (${share} %)**.

| Served by | Passed | Failed | Skipped |
|---|---|---|---|
${[row(`${program.name} ${program.version}`, real), row("our engine", ours)].join("\n")}

Skipped are tests for other versions or modules. What our engine does not pass and the real server does:

| Why | Tests | Which |
|---|---|---|
${reasonTable(failures).join("\n")}

## Commands of our own engine

Drawn sequences of these commands get the same replies from our engine and from the real server (\`embedded/oracle.test.ts\`), in both versions of the protocol.

| Group | Commands |
|---|---|
${commandTable().join("\n")}

Refused aloud, as "not simulated":

| What they need | Commands |
|---|---|
${refusedTable().join("\n")}
`;
  return {
    text,
    summary: `${driver}: our engine passes ${passed} of the ${judged.length} tests that ${program.name} ${program.version} passes (${share} %)`,
  };
}
