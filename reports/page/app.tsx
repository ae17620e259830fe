import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Report } from "../report.ts";
import { FilterBar, Suites } from "./filters.tsx";
import { type Filter, filterItems, filterOf, hashOf, itemsOf } from "./items.ts";
import { type Grouping, List, listContextOf } from "./list.tsx";
import { Overview } from "./overview.tsx";
import { ThemeButton } from "./theme.tsx";

/** The filter, kept in the address so that a view can be passed on. */
function useFilter(): [Filter, (filter: Filter) => void] {
  const [filter, setFilter] = useState(() => filterOf(location.hash));
  useEffect(() => {
    const onHash = () => setFilter(filterOf(location.hash));
    addEventListener("hashchange", onHash);
    return () => removeEventListener("hashchange", onHash);
  }, []);
  const change = (next: Filter) => {
    history.replaceState(null, "", hashOf(next) || location.href.replace(/#.*/, ""));
    setFilter(next);
  };
  return [filter, change];
}

/** The slash key focuses the search field, as it does on most sites. */
function useSlash(search: { readonly current: HTMLInputElement | null }): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "/" || event.target instanceof HTMLInputElement || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      search.current?.focus();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [search]);
}

/** Nothing can be opened on paper: findings are printed open, and closed again afterwards. */
function usePrintOpen(): void {
  useEffect(() => {
    let opened: HTMLDetailsElement[] = [];
    const onPrint = () => {
      opened = [...document.querySelectorAll<HTMLDetailsElement>("details.finding:not([open])")];
      for (const details of opened) details.open = true;
    };
    const onPrinted = () => {
      for (const details of opened) details.open = false;
    };
    addEventListener("beforeprint", onPrint);
    addEventListener("afterprint", onPrinted);
    return () => {
      removeEventListener("beforeprint", onPrint);
      removeEventListener("afterprint", onPrinted);
    };
  }, []);
}

/** Says, where a reader may look for more, that a report lists only the first of very many passed seeds. */
function Unlisted({ report }: { report: Report }) {
  return report.scenarios.map(({ scenario, counts, seeds }) => {
    const listed = seeds.length - counts.fail - counts.unknown;
    if (listed === counts.pass) return null;
    return (
      <p key={scenario} class="nothing">
        Of the {counts.pass} seeds of {scenario} that passed, {listed} are listed; run.jsonl holds all.
      </p>
    );
  });
}

/** The whole page. */
export function App({ report }: { report: Report }) {
  const items = useMemo(() => itemsOf(report), [report]);
  const context = useMemo(() => listContextOf(report), [report]);
  const [filter, setFilter] = useFilter();
  const [grouping, setGrouping] = useState<Grouping>("cause");
  const search = useRef<HTMLInputElement>(null);
  useSlash(search);
  usePrintOpen();
  const shown = useMemo(() => filterItems(items, filter), [items, filter]);
  return (
    <>
      <a
        class="skip"
        href="#list"
        onClick={(event) => (event.preventDefault(), document.getElementById("list")?.focus())}
      >
        Skip to the results
      </a>
      <header class="top">
        <span class="brand">Drydock</span>
        <ThemeButton />
      </header>
      <main>
        <Overview report={report} />
        <Suites report={report} filter={filter} onFilter={setFilter} />
        <FilterBar
          {...{ report, items, filter, grouping, search }}
          shown={shown.length}
          onFilter={setFilter}
          onGrouping={setGrouping}
        />
        <div id="list" tabIndex={-1}>
          <List items={shown} grouping={grouping} context={context} />
          {shown.length === 0 && <p class="nothing">Nothing matches.</p>}
          <Unlisted report={report} />
        </div>
      </main>
      <footer class="bottom">
        {report.tool.name} {report.tool.version} · run {report.runs.join(", ")} · this page holds all its data and asks
        for nothing else
      </footer>
    </>
  );
}
