import { useState } from "preact/hooks";
import type { Verdict } from "../../conformance/runner/events.ts";
import { type Cause, groupByCause, rankTitle } from "../causes.ts";
import { type CheckReport, type Report, type SeedReport, VERDICTS } from "../report.ts";
import { duration } from "../duration.ts";
import { CheckBody } from "./check-body.tsx";
import type { Item } from "./items.ts";
import { CommandLine, Fold, Mark, WORDS } from "./parts.tsx";

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

function Row({ item, context }: { item: Item; context: ListContext }) {
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
      class={`item ${item.verdict}${isFinding ? " finding" : ""}${context.followerIds.has(item.key) ? " follower" : ""}`}
      id={item.key}
      summary={summary}
      eager={isFinding}
    >
      {() =>
        item.kind === "check" ? (
          <CheckBody
            check={item.check}
            profile={context.profile}
            followers={context.followers.get(item.check.id) ?? []}
          />
        ) : (
          <SeedBody seed={item.seed} />
        )
      }
    </Fold>
  );
}

/** How many rows are drawn at once: as many as a browser draws without a pause. */
const ROWS_MAX = 200;

interface GroupProps {
  readonly title: string;
  readonly verdict?: Verdict;
  readonly items: readonly Item[];
  readonly context: ListContext;
}

function Group({ title, verdict, items, context }: GroupProps) {
  const [shown, setShown] = useState(ROWS_MAX);
  if (items.length === 0) return null;
  const rest = items.length - shown;
  return (
    <section class="group" aria-label={title}>
      <h3 class={verdict}>
        {title} <span class="count">{items.length}</span>
      </h3>
      {items.slice(0, shown).map((item) => (
        <Row key={item.key} item={item} context={context} />
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
export type Grouping = "verdict" | "cause" | "section";

/** What a row shows beside its own item. */
interface ListContext {
  readonly profile: string | undefined;
  /** The findings that follow from a check, by its id. */
  readonly followers: ReadonlyMap<string, readonly CheckReport[]>;
  readonly followerIds: ReadonlySet<string>;
  readonly causes: readonly Cause[];
}

/** What all rows of a report's list share. */
export function listContextOf(report: Report): ListContext {
  const causes = groupByCause(report);
  return {
    profile: report.profile,
    causes,
    followers: new Map(causes.map(({ root, followers }) => [root.id, followers])),
    followerIds: new Set(causes.flatMap(({ followers }) => followers.map(({ id }) => id))),
  };
}

/** Causes by level, each with what follows from it beneath; then the other checks, by verdict. */
function CauseList({ items, context }: { items: readonly Item[]; context: ListContext }) {
  const shown = new Map(items.map((item) => [item.key, item]));
  const ranks = [...Map.groupBy(context.causes, ({ root }) => rankTitle(root))].map(([title, causes]) => ({
    title,
    verdict: causes[0]?.root.verdict ?? "fail",
    items: causes.flatMap(({ root, followers }) => [root, ...followers].flatMap(({ id }) => shown.get(id) ?? [])),
  }));
  const ranked = new Set(ranks.flatMap((rank) => rank.items.map(({ key }) => key)));
  return (
    <>
      {ranks.map((rank) => (
        <Group key={rank.title} {...rank} context={context} />
      ))}
      <List items={items.filter(({ key }) => !ranked.has(key))} grouping="verdict" context={context} />
    </>
  );
}

interface ListProps {
  readonly items: readonly Item[];
  readonly grouping: Grouping;
  readonly context: ListContext;
}

/** Worst first, by what caused it, or in the order of the specification's sections. */
export function List({ items, grouping, context }: ListProps) {
  if (grouping === "cause") return <CauseList items={items} context={context} />;
  if (grouping === "verdict") {
    return (
      <>
        {VERDICTS.map((verdict) => (
          <Group
            key={verdict}
            title={WORDS[verdict]}
            verdict={verdict}
            items={items.filter((each) => each.verdict === verdict)}
            context={context}
          />
        ))}
      </>
    );
  }
  const sections = Map.groupBy(items, ({ suite, section }) => `${suite} · ${section}`);
  return (
    <>
      {[...sections].map(([title, all]) => (
        <Group key={title} title={title} items={all} context={context} />
      ))}
    </>
  );
}
