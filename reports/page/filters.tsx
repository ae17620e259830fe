import type { RefObject } from "preact";
import type { Counts, Report } from "../report.ts";
import { VERDICTS } from "../report.ts";
import { type Filter, isFiltering, type Item, NO_FILTER, toggle } from "./items.ts";
import type { Grouping } from "./list.tsx";
import { Bar } from "./overview.tsx";
import { Mark, SUITE_TITLES, WORDS } from "./parts.tsx";

/** The state of the filters, and how to change it. */
interface FilterProps {
  readonly report: Report;
  readonly items: readonly Item[];
  readonly shown: number;
  readonly filter: Filter;
  readonly onFilter: (filter: Filter) => void;
  readonly grouping: Grouping;
  readonly onGrouping: (grouping: Grouping) => void;
  readonly search: RefObject<HTMLInputElement | null>;
}

const FIGURES = VERDICTS.filter((verdict) => verdict !== "pass");

const exercisedOf = ({ pass, fail, unknown, warn }: Counts): number => pass + fail + unknown + warn;

/** The suites and scenarios of the run, each a switch of the filter. */
export function Suites({ report, filter, onFilter }: Pick<FilterProps, "report" | "filter" | "onFilter">) {
  const cards: readonly { readonly key: string; readonly title: string; readonly counts: Counts }[] = [
    ...report.suites.map(({ suite, counts }) => ({
      key: suite,
      title: SUITE_TITLES[suite] ?? suite,
      counts,
    })),
    ...report.scenarios.map(({ scenario, counts }) => ({ key: scenario, title: `Scenario ${scenario}`, counts })),
  ];
  return (
    <div class="suites" role="group" aria-label="Suites">
      {cards.map(({ key, title, counts }) => (
        <button
          type="button"
          key={key}
          class="suite"
          aria-pressed={filter.suites.includes(key)}
          onClick={() => onFilter({ ...filter, suites: toggle(filter.suites, key) })}
        >
          <span class="suite-title">{title}</span>
          <span class="figures">
            <span>
              {exercisedOf(counts) === 0 ? (
                "nothing was exercised"
              ) : (
                <>
                  <b>{counts.pass}</b> of {exercisedOf(counts)} passed
                </>
              )}
            </span>
            {FIGURES.map(
              (verdict) =>
                counts[verdict] > 0 && (
                  <span key={verdict} class={verdict}>
                    {counts[verdict]} {WORDS[verdict].toLowerCase()}
                  </span>
                ),
            )}
          </span>
          <Bar counts={counts} />
        </button>
      ))}
    </div>
  );
}

function VerdictChips({ report, filter, onFilter }: FilterProps) {
  return (
    <div class="chips" role="group" aria-label="Verdict">
      {VERDICTS.filter((verdict) => report.counts[verdict] > 0).map((verdict) => (
        <button
          type="button"
          key={verdict}
          class={`chip ${verdict}`}
          aria-pressed={filter.verdicts.includes(verdict)}
          onClick={() => onFilter({ ...filter, verdicts: toggle(filter.verdicts, verdict) })}
        >
          <Mark verdict={verdict} /> {WORDS[verdict]} <span class="count">{report.counts[verdict]}</span>
        </button>
      ))}
    </div>
  );
}

function LevelChips({ items, filter, onFilter }: FilterProps) {
  const levels = (["MUST", "SHOULD", "MAY"] as const).filter((level) => items.some((item) => item.level === level));
  if (levels.length < 2) return null;
  return (
    <div class="chips" role="group" aria-label="Level">
      {levels.map((level) => (
        <button
          type="button"
          key={level}
          class="chip"
          aria-pressed={filter.levels.includes(level)}
          onClick={() => onFilter({ ...filter, levels: toggle(filter.levels, level) })}
        >
          {level}
        </button>
      ))}
    </div>
  );
}

const GROUPINGS: readonly Grouping[] = ["cause", "verdict", "section"];

function GroupingChoice({ grouping, onGrouping }: Pick<FilterProps, "grouping" | "onGrouping">) {
  return (
    <label class="grouping">
      Group by{" "}
      <select
        value={grouping}
        onChange={(event) => onGrouping(GROUPINGS.find((each) => each === event.currentTarget.value) ?? "cause")}
      >
        <option value="cause">cause</option>
        <option value="verdict">verdict</option>
        <option value="section">section</option>
      </select>
    </label>
  );
}

/** Search, verdict, level and grouping; stays visible while the list scrolls. */
export function FilterBar(props: FilterProps) {
  const { filter, onFilter, items, shown, search } = props;
  return (
    <div class="filters" role="search">
      <div>
        <input
          ref={search}
          type="search"
          value={filter.text}
          placeholder="Search clauses, reasons, evidence …"
          aria-label="Search"
          aria-keyshortcuts="/"
          onInput={(event) => onFilter({ ...filter, text: event.currentTarget.value })}
        />
        <GroupingChoice {...props} />
        <span class="shown" role="status">
          {shown} of {items.length}
        </span>
        {isFiltering(filter) && (
          <button type="button" class="clear" onClick={() => onFilter(NO_FILTER)}>
            Clear
          </button>
        )}
      </div>
      <div>
        <VerdictChips {...props} />
        <LevelChips {...props} />
      </div>
    </div>
  );
}
