import { useEffect, useState } from "preact/hooks";
import type { LivePoint } from "../feed.ts";
import type { ViewProps } from "./app.tsx";
import { AnswerError, ask } from "./connection.ts";
import { matcherFor, SearchField } from "./search.tsx";
import { VirtualList } from "./virtual-list.tsx";

/** Default values for what an effect needs. */
const PROPOSALS: Readonly<Record<string, object>> = {
  reply: { status: 503 },
  delay: { delayMs: 5000 },
  truncate: { bytes: 10 },
  error: { message: "it failed" },
  stale: { ageMs: 60_000 },
};

const proposal = (kind: string): string => JSON.stringify({ kind, ...PROPOSALS[kind] });

function Arm({ point, token }: { point: LivePoint; token: string }) {
  const [effect, setEffect] = useState(proposal(point.effects[0] ?? ""));
  const [count, setCount] = useState("1");
  const [said, setSaid] = useState("");
  useEffect(() => setEffect(proposal(point.effects[0] ?? "")), [point]);
  const arm = async (event: Event) => {
    event.preventDefault();
    try {
      const times = count.trim() === "" ? null : Number(count);
      await ask(token, "POST", "/faults", { point: point.point, effect: JSON.parse(effect), count: times });
      setSaid(`Armed at ${point.point}.`);
    } catch (error) {
      setSaid(error instanceof AnswerError ? error.message : "The effect is not JSON.");
    }
  };
  return (
    <section class="card" aria-label="Fault point">
      <h3 class="mono">{point.point}</h3>
      <p>{point.prose}</p>
      <form onSubmit={(event) => void arm(event)}>
        <label>
          Effect{" "}
          <select onChange={(event) => setEffect(proposal(event.currentTarget.value))}>
            {point.effects.map((kind) => (
              <option key={kind} value={kind}>
                {kind}
              </option>
            ))}
          </select>
        </label>
        <label>
          As JSON <textarea rows={3} value={effect} onInput={(event) => setEffect(event.currentTarget.value)} />
        </label>
        <label>
          How often; empty for always{" "}
          <input inputMode="numeric" value={count} onInput={(event) => setCount(event.currentTarget.value)} />
        </label>
        <button type="submit">Arm</button>
        <span role="status">{said}</span>
      </form>
    </section>
  );
}

function ArmedList({ store, token }: ViewProps) {
  if (store.rules.length === 0) return null;
  return (
    <ul class="armed" aria-label="Armed faults">
      {store.rules.map(({ id, point, effect, acted }) => (
        <li key={id}>
          <span class="mono">{point}</span> {effect}, acted {acted} times{" "}
          <button type="button" onClick={() => void ask(token, "DELETE", `/faults/${id}`).catch(() => {})}>
            Disarm<span class="sr"> {point}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}

/** The form that arms a rule, and the armed rules, each with a button to disarm it. */
export function Faults({ store, token }: ViewProps) {
  const [points, setPoints] = useState<readonly LivePoint[]>([]);
  const [query, setQuery] = useState("");
  const [chosen, setChosen] = useState<LivePoint>();
  useEffect(() => {
    ask<readonly LivePoint[]>(token, "GET", "/points").then(setPoints, () => {});
  }, [token]);
  const isFound = matcherFor(query);
  const listed = points.filter(({ point, prose }) => isFound(`${point} ${prose}`));
  return (
    <>
      <ArmedList store={store} token={token} />
      <div class="bar">
        <SearchField query={query} example="nova servers" onQuery={setQuery} />
        <span role="status">
          {listed.length} of {points.length} fault points
        </span>
      </div>
      <div class="two">
        <VirtualList
          label="Fault points"
          items={listed}
          keyOf={({ point }) => point}
          selected={chosen?.point}
          onSelect={setChosen}
          empty="No fault point matches."
          show={({ point, prose }) => (
            <>
              <span class="mono">{point}</span>
              <span class="grow soft">{prose}</span>
            </>
          )}
        />
        {chosen !== undefined && <Arm point={chosen} token={token} />}
      </div>
    </>
  );
}
