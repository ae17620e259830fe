import type { ViewProps } from "./app.tsx";

/** The conservation laws: whatever exists belongs to something alive. */
export function Laws({ store }: ViewProps) {
  const { broken } = store;
  if (broken.length === 0)
    return (
      <p class="big ok">
        All laws hold: every server, port, volume, group, name and credential belongs to something that is alive.
      </p>
    );
  return (
    <>
      <p class="big broken" role="alert">
        {broken.length} {broken.length === 1 ? "violation" : "violations"} of the conservation laws
      </p>
      <ul class="violations">
        {broken.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </>
  );
}
