import { useMemo, useState } from "preact/hooks";
import type { Row } from "../feed.ts";
import type { ViewProps } from "./app.tsx";
import { Drawing } from "./drawing.tsx";
import { indexRows, type Step, stepsThrough } from "./paths.ts";
import { matcherFor, SearchField } from "./search.tsx";
import { VirtualList } from "./virtual-list.tsx";

const KINDS = [
  ["deployment", "Deployments"],
  ["vm", "VMs"],
  ["instance", "Service instances"],
  ["binding", "Bindings"],
  ["network", "Networks"],
  ["group", "Security groups"],
  ["project", "Projects"],
  ["stray", "Outside the director"],
] as const;

/** The text of a row that the search looks at. */
function textOf(row: Row): string {
  const more =
    row.kind === "vm"
      ? `${row.deployment} ${row.ip} ${row.names.join(" ")}`
      : "deployment" in row
        ? row.deployment
        : "";
  return `${row.name} ${row.state} ${more}`;
}

function Steps({ steps, onSelect }: { steps: readonly Step[]; onSelect: (row: Row) => void }) {
  return (
    <ol class="steps">
      {steps.map(({ title, lines, row }, at) => (
        <li key={`${title}${at}`} class={row?.health ?? "plain"}>
          <h4>{title}</h4>
          {lines.map((line, lineAt) =>
            lineAt === 0 && row !== undefined ? (
              <button type="button" class="link" key={line} onClick={() => onSelect(row)}>
                {line}
              </button>
            ) : (
              <p key={`${line}${lineAt}`} class="mono">
                {line}
              </p>
            ),
          )}
        </li>
      ))}
    </ol>
  );
}

/** For a row that is not drawn itself, marks its deployment. */
function idInDrawing(row: Row | undefined): string | undefined {
  if (row?.kind === "instance" || row?.kind === "binding") return `deployment/${row.deployment}`;
  return row?.id;
}

function Facts({ facts }: { facts: readonly (readonly [string, string])[] }) {
  return (
    <dl class="facts">{facts.map(([name, text]) => [<dt key={name}>{name}</dt>, <dd key={`${name}d`}>{text}</dd>])}</dl>
  );
}

interface RowListProps {
  readonly store: ViewProps["store"];
  readonly selected: string | undefined;
  readonly onSelect: (row: Row) => void;
}

/** The list of all rows of one kind, with a search field. */
function RowList({ store, selected, onSelect }: RowListProps) {
  const [kind, setKind] = useState<string>("deployment");
  const [query, setQuery] = useState("");
  const rows = useMemo(() => {
    const isFound = matcherFor(query);
    const ofKind = [...store.rows.values()].filter((row) => row.kind === kind);
    return query === "" ? ofKind : ofKind.filter((row) => isFound(textOf(row)));
  }, [store.rowsVersion, kind, query]);
  return (
    <>
      <div class="bar">
        <label>
          Show{" "}
          <select value={kind} onChange={(event) => setKind(event.currentTarget.value)}>
            {KINDS.map(([each, label]) => (
              <option key={each} value={each}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <SearchField query={query} example="name, address" onQuery={setQuery} />
      </div>
      <VirtualList
        label={KINDS.find(([each]) => each === kind)?.[1] ?? ""}
        items={rows}
        keyOf={({ id }) => id}
        selected={selected}
        onSelect={onSelect}
        empty="None."
        show={(each) => (
          <>
            <b class={`dot ${each.health}`} aria-hidden="true" />
            <span class="grow">{each.name}</span>
            <span class="soft">{each.state}</span>
          </>
        )}
      />
    </>
  );
}

/** The cloud: its drawing, the list of what is in it, and the path through the selected row. */
export function Overview({ store }: ViewProps) {
  const [chosen, setChosen] = useState<string>();
  const index = useMemo(() => indexRows(store.rows), [store.rowsVersion]);
  const row = chosen === undefined ? undefined : store.rows.get(chosen);
  const select = ({ id }: Row) => setChosen(id);
  return (
    <div class="map">
      <Drawing index={index} selected={idInDrawing(row)} onSelect={select} />
      <div class="side">
        <RowList store={store} selected={chosen} onSelect={select} />
        <section class="path" tabindex={0} aria-label="What it depends on" aria-live="polite">
          {row === undefined ? (
            <Facts facts={store.facts} />
          ) : (
            <Steps steps={stepsThrough(row, index)} onSelect={select} />
          )}
        </section>
      </div>
    </div>
  );
}
