import { flagOf } from "../../conformance/runner/statement.ts";
import { causesSentence, groupByCause } from "../causes.ts";
import type { Counts, Report } from "../report.ts";
import { notExercised, subjectOf, VERDICTS } from "../report.ts";
import { duration } from "../duration.ts";
import { CommandLine, Mark, SUITE_TITLES, WORDS } from "./parts.tsx";
import { plansJudged } from "../judged.ts";

function total(counts: Counts): number {
  return VERDICTS.reduce((sum, verdict) => sum + counts[verdict], 0);
}

/** The share of each verdict. */
export function Bar({ counts }: { counts: Counts }) {
  const label = VERDICTS.filter((verdict) => counts[verdict] > 0)
    .map((verdict) => `${counts[verdict]} ${WORDS[verdict].toLowerCase()}`)
    .join(", ");
  return (
    <div class="bar" role="img" aria-label={label}>
      {["pass" as const, ...VERDICTS.filter((verdict) => verdict !== "pass")].map(
        (verdict) => counts[verdict] > 0 && <i key={verdict} class={verdict} style={{ flexGrow: counts[verdict] }} />,
      )}
    </div>
  );
}

function timeOf(iso: string): string {
  return iso.replace("T", " ").replace(/\.\d+/, "").replace("Z", " UTC");
}

function Facts({ report }: { report: Report }) {
  const tookMs =
    report.finishedAt === undefined ? undefined : Date.parse(report.finishedAt) - Date.parse(report.startedAt);
  const facts = [
    ["Profile", report.profile],
    ["Version", report.judged?.version],
    ["Judged", report.judged && plansJudged(report.judged)],
    ["Began", timeOf(report.startedAt)],
    ["Took", tookMs === undefined || Number.isNaN(tookMs) ? undefined : duration(tookMs)],
    ["By", `${report.tool.name} ${report.tool.version}`],
    ["Shards", report.runs.length > 1 ? String(report.runs.length) : undefined],
  ] as const;
  return (
    <dl class="facts">
      {facts.map(
        ([name, value]) =>
          value !== undefined && (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ),
      )}
    </dl>
  );
}

function Incomplete({ report }: { report: Report }) {
  if (report.isComplete) return null;
  const done = total(report.counts);
  return (
    <aside class="panel unknown">
      <h2>The run broke off</h2>
      <p>
        {done} of {report.planned} came to a verdict; the rest is not known.
      </p>
      {report.unfinished.length > 0 && (
        <p>
          In the middle of: <code>{report.unfinished.join(", ")}</code>
        </p>
      )}
    </aside>
  );
}

/** A part of the suites proves no broker conformant, however green it is. */
function Narrowed({ report }: { report: Report }) {
  const { coverage } = report;
  if (coverage === undefined || coverage.narrowedBy.length === 0) return null;
  return (
    <aside class="panel warn" aria-label="Narrowed">
      <h2>Only a part was run</h2>
      <p>
        Narrowed by{" "}
        {coverage.narrowedBy.map((each, at) => (
          <span key={flagOf(each)}>
            {at > 0 && ", "}
            <code>{flagOf(each)}</code>
          </span>
        ))}
        . This shows nothing about what was left out; only a run of the whole suite shows a broker conformant.
      </p>
    </aside>
  );
}

function NotExercised({ report }: { report: Report }) {
  const suites = notExercised(report);
  if (suites.length === 0) return null;
  return (
    <aside class="panel unknown" aria-label="Not exercised">
      <h2>Not exercised</h2>
      <p>
        None of the checks of {suites.map(({ suite }) => SUITE_TITLES[suite]).join(", ")} applied to this broker: it is
        not known whether it does what they require. Leave the suite out, or see below why nothing applied.
      </p>
    </aside>
  );
}

function LeftBehind({ report }: { report: Report }) {
  if (report.leftBehind.length === 0) return null;
  return (
    <aside class="panel warn">
      <h2>Left behind at the broker</h2>
      <p>These could not be removed. Each line removes one.</p>
      {report.leftBehind.map((item) => (
        <div key={`${item.kind} ${item.id}`}>
          <p>
            {item.kind} <code>{item.id}</code>
          </p>
          <CommandLine line={item.curl} what={`line that removes ${item.kind} ${item.id}`} />
        </div>
      ))}
    </aside>
  );
}

function Notes({ notes }: { notes: readonly string[] }) {
  if (notes.length === 0) return null;
  return (
    <ul class="notes">
      {notes.map((note) => (
        <li key={note}>{note}</li>
      ))}
    </ul>
  );
}

/** The outcome of the run, before any detail. */
export function Overview({ report }: { report: Report }) {
  const found = causesSentence(groupByCause(report));
  return (
    <section class={`overview ${report.verdict}`} aria-label="Result">
      <div class="verdict">
        <Mark verdict={report.verdict} large />
        <div>
          <h1>{report.headline}</h1>
          <p class="subject">{subjectOf(report.target)}</p>
          {report.exercised !== undefined && <p class="exercised">{report.exercised}</p>}
          {found !== undefined && <p class="exercised">{found}</p>}
        </div>
      </div>
      <Facts report={report} />
      <Bar counts={report.counts} />
      <Notes notes={report.notes} />
      <div class="again">
        <span>Run it again</span>
        {report.commands.map((command) => (
          <CommandLine key={command} line={command} what="command" />
        ))}
      </div>
      <Incomplete report={report} />
      <Narrowed report={report} />
      <NotExercised report={report} />
      <LeftBehind report={report} />
    </section>
  );
}
