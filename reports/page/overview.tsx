import type { Counts, Report } from "../report.ts";
import { headline, subjectOf, VERDICTS } from "../report.ts";
import { duration } from "../duration.ts";
import { CommandLine, Mark, WORDS } from "./parts.tsx";

function total(counts: Counts): number {
  return VERDICTS.reduce((sum, verdict) => sum + counts[verdict], 0);
}

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

/** What the run came to, before any detail. */
export function Overview({ report }: { report: Report }) {
  return (
    <section class={`overview ${report.verdict}`} aria-label="Result">
      <div class="verdict">
        <Mark verdict={report.verdict} large />
        <div>
          <h1>{headline(report)}</h1>
          <p class="subject">{subjectOf(report.target)}</p>
        </div>
      </div>
      <Facts report={report} />
      <Bar counts={report.counts} />
      <Notes notes={report.notes} />
      <div class="again">
        <span>Run it again</span>
        <CommandLine line={report.command} what="command" />
      </div>
      <Incomplete report={report} />
      <LeftBehind report={report} />
    </section>
  );
}
