import { escapeMarkup } from "./markup.ts";

/** A line of a chart. */
interface Curve {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

/** The contents of a chart. */
interface ChartOptions {
  readonly title: string;
  readonly formatX: (x: number) => string;
  readonly formatY: (y: number) => string;
  /** Whether both axes are logarithmic; then nothing below 1 is shown. Default: both are linear, and y begins at 0. */
  readonly logarithmic?: boolean;
}

const WIDTH = 900;
const HEIGHT = 260;
const LEFT = 80;
const RIGHT = 20;
const TOP = 24;
const BOTTOM = 36;
const TICKS = 4;
const COLOURS = ["#2f6fde", "#d9692b", "#2c9a5b", "#a03fb5", "#7a7f87"] as const;

type Scale = (value: number) => number;

function scaleOf(low: number, high: number, from: number, to: number, logarithmic: boolean): Scale {
  const warp = (value: number): number => (logarithmic ? Math.log10(Math.max(1, value)) : value);
  const span = warp(high) - warp(low) || 1;
  return (value) => from + ((warp(value) - warp(low)) / span) * (to - from);
}

function ticks(low: number, high: number, logarithmic: boolean): readonly number[] {
  if (!logarithmic) return Array.from({ length: TICKS + 1 }, (_, at) => low + ((high - low) * at) / TICKS);
  const first = Math.floor(Math.log10(Math.max(1, low)));
  const last = Math.ceil(Math.log10(Math.max(1, high)));
  return Array.from({ length: last - first + 1 }, (_, at) => 10 ** (first + at)).filter(
    (each) => each >= low && each <= high,
  );
}

/** Draws curves as SVG. @returns markup; a line of text if there is nothing to draw */
export function drawChart(curves: readonly Curve[], options: ChartOptions): string {
  const { title, formatX, formatY, logarithmic = false } = options;
  const all = curves.flatMap(({ points }) => points);
  if (all.length === 0) return `<p>${escapeMarkup(title)}: nothing to draw</p>`;
  const [xs, ys] = [all.map(({ x }) => x), all.map(({ y }) => y)];
  const [xLow, xHigh] = [Math.min(...xs), Math.max(...xs)];
  const [yLow, yHigh] = [logarithmic ? Math.max(1, Math.min(...ys)) : 0, Math.max(...ys, 1e-9)];
  const toX = scaleOf(xLow, xHigh, LEFT, WIDTH - RIGHT, logarithmic);
  const toY = scaleOf(yLow, yHigh, HEIGHT - BOTTOM, TOP, logarithmic);
  const across = ticks(yLow, yHigh, logarithmic).map((y) => {
    const at = toY(y).toFixed(1);
    return `<line class="axis" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at}" y2="${at}"/><text x="${LEFT - 6}" y="${at}" text-anchor="end" dominant-baseline="middle">${escapeMarkup(formatY(y))}</text>`;
  });
  const along = ticks(xLow, xHigh, logarithmic).map(
    (x) =>
      `<text x="${toX(x).toFixed(1)}" y="${HEIGHT - BOTTOM + 16}" text-anchor="middle">${escapeMarkup(formatX(x))}</text>`,
  );
  const lines = curves.map(({ points }, at) => {
    const path = points.map(({ x, y }) => `${toX(x).toFixed(1)},${toY(y).toFixed(1)}`).join(" ");
    return `<polyline fill="none" stroke="${colourOf(at)}" stroke-width="1.8" points="${path}"/>`;
  });
  const names = curves.map(
    ({ name }, at) => `<text x="${LEFT + at * 130}" y="14" style="fill:${colourOf(at)}">${escapeMarkup(name)}</text>`,
  );
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeMarkup(title)}">${[...across, ...along, ...lines, ...names].join("")}</svg>`;
}

const colourOf = (at: number): string => COLOURS[at % COLOURS.length] ?? COLOURS[0];
