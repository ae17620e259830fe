import { useState } from "preact/hooks";
import type { Verdict } from "../../conformance/runner/events.ts";
import { type CheckReport, type SeedReport, VERDICTS } from "../report.ts";
import { duration } from "../duration.ts";
import { Evidence } from "./evidence.tsx";
import type { Item } from "./items.ts";
import { CommandLine, Fold, Mark, WORDS } from "./parts.tsx";

function Comparison({ expected, seen }: { expected?: string | undefined; seen?: string | undefined }) {
  if (expected === undefined && seen === undefined) return null;
  return (
    <div class="comparison">
      {expected !== undefined && (
        <div class="expected">
          <h4>Expected</h4>
          <p>{expected}</p>
        </div>
      )}
      {seen !== undefined && (
        <div class="seen">
          <h4>Seen</h4>
          <p>{seen}</p>
        </div>
      )}
    </div>
  );
}

function CheckBody({ check }: { check: CheckReport }) {
  const { requirement, clauses, section, level, expected, seen, evidence } = check;
  return (
    <div class="body">
      <blockquote>
        <p>{requirement}</p>
        <footer>
          <span class={`level ${level}`}>{level}</span> {section}
          {clauses.map((clause) => (
            <code key={clause}>{clause}</code>
          ))}
        </footer>
      </blockquote>
      <Comparison expected={expected} seen={seen} />
      <Evidence exchanges={evidence} />
    </div>
  );
}

function SeedBody({ seed }: { seed: SeedReport }) {
  const { counterexample, digest, steps } = seed;
  return (
    <div class="body">
      {counterexample && (
        <section aria-label="Counterexample">
          <h4>Shrunk to {counterexample.steps.length} steps</h4>
          <ol class="steps">
            {counterexample.steps.map((step, at) => (
              <li key={at}>{step}</li>
            ))}
          </ol>
          <CommandLine line={counterexample.replay} what="replay line" />
        </section>
      )}
      <p class="facts">
        {steps} commands · digest <code>{digest}</code>
      </p>
    </div>
  );
}

function titleOf(item: Item): string {
  return item.kind === "check" ? item.check.title : `Seed ${item.seed.seed}`;
}

function reasonOf(item: Item): string | undefined {
  return item.kind === "check" ? item.check.reason : item.seed.reason;
}

function Row({ item }: { item: Item }) {
  const isFinding = item.verdict !== "pass" && item.verdict !== "not-applicable";
  const ms = item.kind === "check" ? item.check.durationMs : item.seed.durationMs;
  const summary = (
    <>
      <Mark verdict={item.verdict} />
      <span class="what">
        <span class="title">{titleOf(item)}</span>
        <code class="id">{item.key}</code>
        {reasonOf(item) !== undefined && <span class="why">{reasonOf(item)}</span>}
      </span>
      <span class="where">{item.section}</span>
      {item.level && <span class={`level ${item.level}`}>{item.level}</span>}
      <span class="ms">{duration(ms)}</span>
    </>
  );
  return (
    <Fold
      class={`item ${item.verdict}${isFinding ? " finding" : ""}`}
      id={item.key}
      summary={summary}
      eager={isFinding}
    >
      {() => (item.kind === "check" ? <CheckBody check={item.check} /> : <SeedBody seed={item.seed} />)}
    </Fold>
  );
}

/** As many rows are drawn at once as a browser draws without a pause. */
const ROWS_MAX = 200;

function Group({ title, verdict, items }: { title: string; verdict?: Verdict; items: readonly Item[] }) {
  const [shown, setShown] = useState(ROWS_MAX);
  if (items.length === 0) return null;
  const rest = items.length - shown;
  return (
    <section class="group" aria-label={title}>
      <h3 class={verdict}>
        {title} <span class="count">{items.length}</span>
      </h3>
      {items.slice(0, shown).map((item) => (
        <Row key={item.key} item={item} />
      ))}
      {rest > 0 && (
        <button type="button" class="more" onClick={() => setShown(shown + ROWS_MAX)}>
          Show {Math.min(rest, ROWS_MAX)} more of {rest}
        </button>
      )}
    </section>
  );
}

/** What the list is grouped by. */
export type Grouping = "verdict" | "section";

/** Worst first, or in the order of the specification's sections. */
export function List({ items, grouping }: { items: readonly Item[]; grouping: Grouping }) {
  if (grouping === "verdict") {
    return VERDICTS.map((verdict) => (
      <Group
        key={verdict}
        title={WORDS[verdict]}
        verdict={verdict}
        items={items.filter((each) => each.verdict === verdict)}
      />
    ));
  }
  const sections = Map.groupBy(items, ({ suite, section }) => `${suite} · ${section}`);
  return [...sections].map(([title, all]) => <Group key={title} title={title} items={all} />);
}
