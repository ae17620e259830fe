import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ThemeButton } from "../../page/theme.tsx";
import { Checks } from "./checks.tsx";
import { Clock } from "./clock.tsx";
import { Faults } from "./faults.tsx";
import { Journal } from "./journal.tsx";
import { LatencyView } from "./latency.tsx";
import { Laws } from "./laws.tsx";
import { Overview } from "./map.tsx";
import type { Store } from "./store.ts";
import { Tasks } from "./tasks.tsx";
import { Timeline } from "./timeline.tsx";

/** The properties of every view. */
export interface ViewProps {
  readonly store: Store;
  readonly token: string;
}

interface View {
  readonly name: string;
  readonly label: string;
  readonly needsCloud: boolean;
  readonly Show: (props: ViewProps) => ComponentChildren;
}

const VIEWS: readonly View[] = [
  { name: "cloud", label: "Cloud", needsCloud: true, Show: Overview },
  { name: "timeline", label: "Timeline", needsCloud: true, Show: Timeline },
  { name: "tasks", label: "Tasks", needsCloud: true, Show: Tasks },
  { name: "journal", label: "Journal", needsCloud: true, Show: Journal },
  { name: "faults", label: "Faults", needsCloud: true, Show: Faults },
  { name: "laws", label: "Laws", needsCloud: true, Show: Laws },
  { name: "checks", label: "Checks", needsCloud: false, Show: Checks },
  { name: "latency", label: "Latency", needsCloud: false, Show: LatencyView },
];

/** Draws the page again when the store has changed. */
function useStore(store: Store): void {
  const [, draw] = useState(0);
  useEffect(() => {
    const drawAgain = () => draw((count) => count + 1);
    // The store may have changed since the first drawing: effects come a frame later, on a busy machine several messages later.
    drawAgain();
    return store.subscribe(drawAgain);
  }, [store]);
}

const viewOf = (): string => location.hash.replace(/^#\/?/, "");

function useView(): string {
  const [name, setName] = useState(viewOf);
  useEffect(() => {
    const onHash = () => setName(viewOf());
    addEventListener("hashchange", onHash);
    return () => removeEventListener("hashchange", onHash);
  }, []);
  return name;
}

const STATUS_TEXT = {
  connecting: "connecting",
  live: "live",
  lost: "connection lost; trying again",
  refused: "access denied: open the address that drydock printed",
} as const;

/** The number beside the name of a view. */
function badge(store: Store, name: string): string {
  if (name === "laws" && store.broken.length > 0) return ` ${store.broken.length} broken`;
  if (name === "faults" && store.rules.length > 0) return ` ${store.rules.length} armed`;
  if (name === "checks" && store.checks.size > 0) return ` ${store.checks.size}`;
  return "";
}

function Navigation({ store, shown, views }: { store: Store; shown: string; views: readonly View[] }) {
  return (
    <nav aria-label="Views">
      {views.map(({ name, label }) => (
        <a
          key={name}
          href={`#/${name}`}
          aria-current={name === shown ? "page" : undefined}
          class={name === "laws" && store.broken.length > 0 ? "alarm" : ""}
        >
          {label}
          <small>{badge(store, name)}</small>
        </a>
      ))}
    </nav>
  );
}

/** The page: what is watched, its clock, and one view of it. */
export function App({ store, token }: ViewProps) {
  useStore(store);
  const name = useView();
  const views = VIEWS.filter(({ needsCloud }) => store.hasCloud || !needsCloud);
  const view = views.find((each) => each.name === name) ?? views[0];
  if (view === undefined) return null;
  document.title = `${store.broken.length > 0 ? "⚠ " : ""}${view.label}: ${store.title}`;
  return (
    <>
      <a class="skip" href="#view">
        Skip to the view
      </a>
      <header>
        <h1>
          <span class="brand">Drydock</span> {store.title}
        </h1>
        <p class={`status ${store.status}`} role="status">
          {STATUS_TEXT[store.status]}
        </p>
        {store.hasCloud && <Clock store={store} token={token} />}
        <ThemeButton />
      </header>
      <Navigation store={store} shown={view.name} views={views} />
      <main id="view" tabindex={-1} aria-label={view.label}>
        <h2 class="sr">{view.label}</h2>
        <view.Show store={store} token={token} />
      </main>
    </>
  );
}
