import { useState } from "preact/hooks";
import type { LiveCheck } from "../feed.ts";
import type { ViewProps } from "./app.tsx";
import { Choice } from "./search.tsx";
import { VirtualList } from "./virtual-list.tsx";

const ORDER = ["fail", "unknown", "warn", "running", "pass", "not-applicable"] as const;

const titleOf = ({ title, id }: LiveCheck): string => (title === "" ? id : title);

function CheckCard({ check }: { check: LiveCheck }) {
  return (
    <section class="card" aria-label="Check">
      <h3>{titleOf(check)}</h3>
      <p class="mono">{check.id}</p>
      <p>
        {check.level} {check.suite}: {check.verdict}
      </p>
      <p class="lines">{check.reason}</p>
    </section>
  );
}

const rankOf = ({ verdict }: LiveCheck): number => ORDER.findIndex((each) => each === verdict);

/** The verdicts of a run as they come. */
export function Checks({ store }: ViewProps) {
  const [shown, setShown] = useState("");
  const [chosen, setChosen] = useState<string>();
  const all = [...store.checks.values()];
  const counts = Map.groupBy(all, ({ verdict }) => verdict);
  const listed = all.filter(({ verdict }) => shown === "" || verdict === shown).sort((a, b) => rankOf(a) - rankOf(b));
  const check = chosen === undefined ? undefined : store.checks.get(chosen);
  return (
    <>
      <p class="big" role="status">
        {store.headline === "" ? "No suite is running." : store.headline}
      </p>
      <Choice
        label="Verdict"
        choices={ORDER.filter((verdict) => counts.has(verdict))}
        isChosen={(verdict) => verdict === shown}
        onChoose={(verdict) => setShown(shown === verdict ? "" : verdict)}
        show={(verdict) => `${verdict} ${counts.get(verdict)?.length}`}
      />
      <div class="two">
        <VirtualList
          label="Checks"
          items={listed}
          keyOf={({ id }) => id}
          selected={chosen}
          onSelect={({ id }) => setChosen(id)}
          empty="Verdicts appear here while drydock certify --ui or run --ui is at work, and while drydock start tests its own broker."
          show={(each) => (
            <>
              <span class={`verdict ${each.verdict}`}>{each.verdict}</span>
              <span class="grow">{titleOf(each)}</span>
            </>
          )}
        />
        {check !== undefined && <CheckCard check={check} />}
      </div>
    </>
  );
}
