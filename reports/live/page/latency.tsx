import { LATENCY_BOUNDS_MS, type LiveLatency } from "../feed.ts";
import { countOf, percentileOf } from "../percentile.ts";
import type { ViewProps } from "./app.tsx";
import { spanText } from "./time.ts";

const BAR = { width: 10, height: 90 } as const;

function Histogram({ counts, service }: LiveLatency) {
  const most = Math.max(...counts, 1);
  const used = counts.flatMap((count, at) => (count > 0 ? [at] : []));
  const [from, to] = [Math.max(0, (used[0] ?? 0) - 1), (used.at(-1) ?? 0) + 2];
  const shown = counts.slice(from, to);
  const width = shown.length * BAR.width;
  const boundText = (at: number): string =>
    spanText(LATENCY_BOUNDS_MS[Math.max(0, Math.min(at, LATENCY_BOUNDS_MS.length - 1))] ?? 0);
  return (
    <figure>
      <svg
        viewBox={`0 0 ${width} ${BAR.height}`}
        role="img"
        aria-label={`How long ${service} took, from ${boundText(from)} to ${boundText(to)}`}
      >
        {shown.map((count, at) => {
          const height = count === 0 ? 0 : Math.max(2, (Math.log1p(count) / Math.log1p(most)) * BAR.height);
          return <rect key={at} x={at * BAR.width} y={BAR.height - height} width={BAR.width - 1} height={height} />;
        })}
      </svg>
      <figcaption>
        <span>{boundText(from)}</span>
        <span>requests, log scale</span>
        <span>{boundText(to)}</span>
      </figcaption>
    </figure>
  );
}

const SHARES = [0.5, 0.9, 0.99, 0.999] as const;

/** How long the services have taken to answer since the start. */
export function LatencyView({ store }: ViewProps) {
  const { latency } = store;
  if (latency.length === 0) return <p class="empty">No request has been answered on a socket yet.</p>;
  return (
    <div class="cards" tabindex={0} role="region" aria-label="Services">
      {latency.map((each) => (
        <section class="card" key={each.service} aria-label={each.service}>
          <h3>{each.service}</h3>
          <Histogram {...each} />
          <dl>
            <dt>requests</dt>
            <dd>{countOf(each.counts)}</dd>
            <dt>5xx</dt>
            <dd>{each.errors}</dd>
            {SHARES.map((share) => [
              <dt key={share}>p{Number((share * 100).toFixed(1))}</dt>,
              <dd key={`${share}d`}>{spanText(percentileOf(each.counts, share, each.maxMs))}</dd>,
            ])}
            <dt>most</dt>
            <dd>{spanText(each.maxMs)}</dd>
          </dl>
        </section>
      ))}
    </div>
  );
}
