import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { ViewProps } from "./app.tsx";
import { type Colours, coloursOf } from "./draw.ts";
import { LANES, type Lane, type Span, spansOf } from "./lanes.ts";
import { Choice } from "./search.tsx";
import { cloudNowMs } from "./store.ts";
import { spanText, timeText } from "./time.ts";
import { VirtualList } from "./virtual-list.tsx";

const WINDOWS = [
  ["10 s", 10_000],
  ["1 min", 60_000],
  ["10 min", 600_000],
  ["1 h", 3_600_000],
  ["1 day", 86_400_000],
] as const;
const LANE_PX = 54;
const AXIS_PX = 22;
const DEPTH = 6;

interface Range {
  readonly from: number;
  readonly to: number;
}

function drawAxis(context: CanvasRenderingContext2D, { from, to }: Range, width: number, colours: Colours): void {
  const count = Math.max(2, Math.floor(width / 140));
  for (let at = 0; at < count; at++) {
    const x = (at / count) * width;
    context.fillStyle = colours.soft;
    context.fillText(timeText(from + (at / count) * (to - from)).slice(0, 12), x + 3, 14);
    context.fillStyle = colours.line;
    context.fillRect(x, 0, 1, AXIS_PX + LANES.length * LANE_PX);
  }
}

function drawSpans(canvas: HTMLCanvasElement, spans: readonly Span[], range: Range): void {
  const context = canvas.getContext("2d");
  if (context === null) return;
  const density = devicePixelRatio;
  const width = canvas.clientWidth;
  [canvas.width, canvas.height] = [width * density, canvas.clientHeight * density];
  context.setTransform(density, 0, 0, density, 0, 0);
  const colours = coloursOf(canvas);
  context.font = "11px system-ui, sans-serif";
  drawAxis(context, range, width, colours);
  const ends = LANES.map(() => Array.from({ length: DEPTH }, () => Number.NEGATIVE_INFINITY));
  for (const { lane, from, to, isBad } of spans) {
    const row = LANES.indexOf(lane);
    const x = ((from - range.from) / (range.to - range.from)) * width;
    const wide = Math.max(2, ((to - from) / (range.to - range.from)) * width);
    const free = ends[row]?.findIndex((end) => end < x) ?? 0;
    const depth = free === -1 ? DEPTH - 1 : free;
    const depths = ends[row];
    if (depths !== undefined) depths[depth] = x + wide;
    context.fillStyle = isBad ? colours.broken : lane === "tasks" ? colours.accent : colours.ok;
    context.fillRect(x, AXIS_PX + row * LANE_PX + 16 + depth * 6, wide, 5);
  }
  context.fillStyle = colours.ink;
  for (const [row, lane] of LANES.entries()) context.fillText(lane, 6, AXIS_PX + row * LANE_PX + 12);
}

const showSpan = ({ lane, from, to, label, isBad }: Span) => (
  <>
    <b class={`dot ${isBad ? "broken" : "ok"}`} aria-hidden="true" />
    <span class="soft mono">{timeText(from)}</span>
    <span>{lane}</span>
    <span class="grow mono">{label}</span>
    <span class="soft">{to > from ? spanText(to - from) : ""}</span>
  </>
);

const keyOf = ({ from, label }: Span): string => `${from} ${label}`;

function Lanes({ spans, range }: { spans: readonly Span[]; range: Range }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (canvas.current !== null) drawSpans(canvas.current, spans, range);
  });
  const bad = spans.filter(({ isBad }) => isBad).length;
  const length = spanText(range.to - range.from);
  return (
    <canvas
      class="timeline"
      ref={canvas}
      role="img"
      style={`height:${AXIS_PX + LANES.length * LANE_PX}px`}
      aria-label={`${spans.length} things happened within ${length}, ${bad} of them failures; the list below shows the same`}
    />
  );
}

interface WindowProps {
  readonly windowMs: number;
  readonly onWindow: (ms: number) => void;
  readonly isNow: boolean;
  /** Moves the end by a fraction of the window; undefined lets it follow the clock. */
  readonly onMove: (share: number | undefined) => void;
}

function WindowBar({ windowMs, onWindow, isNow, onMove }: WindowProps) {
  return (
    <>
      <Choice
        label="Length of the window"
        choices={WINDOWS.map(([label]) => label)}
        isChosen={(label) => WINDOWS.some(([each, ms]) => each === label && ms === windowMs)}
        onChoose={(label) => onWindow(WINDOWS.find(([each]) => each === label)?.[1] ?? windowMs)}
      />
      <div class="buttons" role="group" aria-label="Where the window ends">
        <button type="button" onClick={() => onMove(-0.5)}>
          Earlier
        </button>
        <button type="button" onClick={() => onMove(0.5)}>
          Later
        </button>
        <button type="button" aria-pressed={isNow} onClick={() => onMove(undefined)}>
          Now
        </button>
      </div>
    </>
  );
}

/** What happened and when, by the clock of the cloud: requests, tasks, CPI calls, changes, faults. */
export function Timeline({ store }: ViewProps) {
  const [windowMs, setWindowMs] = useState<number>(60_000);
  const [endMs, setEndMs] = useState<number>();
  const [hidden, setHidden] = useState<readonly Lane[]>([]);
  const [chosen, setChosen] = useState<string>();
  const nowMs = cloudNowMs(store);
  const to = endMs ?? nowMs;
  const range = { from: to - windowMs, to };
  const all = useMemo(() => spansOf(store.events, store.exchanges, nowMs), [store.events, store.exchanges]);
  const shown = all.filter(
    ({ lane, from, to: end }) => end >= range.from && from <= range.to && !hidden.includes(lane),
  );
  const move = (share: number | undefined) =>
    setEndMs(share === undefined ? undefined : Math.min(nowMs, to + windowMs * share));
  const toggle = (lane: Lane) =>
    setHidden(hidden.includes(lane) ? hidden.filter((each) => each !== lane) : [...hidden, lane]);
  return (
    <>
      <div class="bar">
        <WindowBar windowMs={windowMs} onWindow={setWindowMs} isNow={endMs === undefined} onMove={move} />
        <Choice label="Lanes" choices={LANES} isChosen={(lane) => !hidden.includes(lane)} onChoose={toggle} />
      </div>
      <Lanes spans={shown} range={range} />
      <VirtualList
        label="In the window"
        items={shown}
        keyOf={keyOf}
        selected={chosen}
        onSelect={(span) => setChosen(keyOf(span))}
        follow={endMs === undefined && chosen === undefined}
        empty="Nothing happened in this window. Choose a longer one."
        show={showSpan}
      />
    </>
  );
}
