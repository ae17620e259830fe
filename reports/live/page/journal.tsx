import { useEffect, useState } from "preact/hooks";
import type { LiveEvent } from "../feed.ts";
import type { ViewProps } from "./app.tsx";
import { ask } from "./connection.ts";
import { SearchField } from "./search.tsx";
import { timeText } from "./time.ts";
import { VirtualList } from "./virtual-list.tsx";

interface Found {
  readonly events: readonly LiveEvent[];
  readonly count: number;
  readonly kept: number;
}

/** Waits for a pause in the typing before it searches. */
const TYPING_MS = 250;

function useSearch(token: string, query: string): Found | undefined {
  const [found, setFound] = useState<Found>();
  useEffect(() => {
    if (query === "") return setFound(undefined);
    let isWanted = true;
    const timer = setTimeout(() => {
      ask<Found>(token, "GET", `/journal?q=${encodeURIComponent(query)}`).then(
        (answer) => isWanted && setFound(answer),
        () => isWanted && setFound({ events: [], count: 0, kept: 0 }),
      );
    }, TYPING_MS);
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }, [token, query]);
  return found;
}

/** Shows one event. */
const EventLine = ({ event }: { event: LiveEvent }) => (
  <>
    <span class="soft mono">{timeText(event.time)}</span>
    <span class="mono">
      {event.source} {event.kind}
    </span>
    <span class="grow mono">{event.subject}</span>
  </>
);

function EventCard({ event }: { event: LiveEvent }) {
  return (
    <section class="card" aria-label="Event">
      <h3>
        {event.source} {event.kind}
      </h3>
      <pre tabindex={0} aria-label="The event as JSON">
        {JSON.stringify(event, null, 2)}
      </pre>
    </section>
  );
}

/** The journal: changes as they happen, and a search of all that are kept. */
export function Journal({ store, token }: ViewProps) {
  const [query, setQuery] = useState("");
  const [chosen, setChosen] = useState<LiveEvent>();
  const [follows, setFollows] = useState(true);
  const found = useSearch(token, query.trim());
  const events = found?.events ?? store.events;
  const choose = (event: LiveEvent) => {
    setChosen(event);
    setFollows(false);
  };
  return (
    <>
      <div class="bar">
        <SearchField query={query} example="nova server.create" onQuery={setQuery} />
        <label>
          <input type="checkbox" checked={follows} onChange={() => setFollows(!follows)} /> follow
        </label>
        <span role="status">
          {found === undefined ? `${events.length} newest events` : `${found.count} of ${found.kept} events`}
        </span>
      </div>
      <div class="two">
        <VirtualList
          label="Events"
          items={events}
          keyOf={({ seq }) => String(seq)}
          selected={chosen === undefined ? undefined : String(chosen.seq)}
          onSelect={choose}
          follow={follows && found === undefined}
          empty={query === "" ? "Nothing has happened yet." : "Nothing matches."}
          show={(event) => <EventLine event={event} />}
        />
        {chosen !== undefined && <EventCard event={chosen} />}
      </div>
    </>
  );
}
