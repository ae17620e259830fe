import { noPaint, type Paint, plain, type Style } from "./terminal.ts";

/** One moment of a story. */
export interface Moment {
  /** Virtual milliseconds since the story began. */
  readonly atMs: number;
  readonly text: string;
  /** Who acts: operator, director, customer … */
  readonly who: string;
}

function clockTime(ms: number): string {
  const total = Math.floor(ms / 1_000);
  const [hours, minutes, seconds] = [Math.floor(total / 3_600), Math.floor(total / 60) % 60, total % 60];
  return [hours, minutes, seconds].map((part) => String(part).padStart(2, "0")).join(":");
}

const WHO_STYLES: readonly Style[] = ["cyan", "green", "magenta", "yellow", "blue"];

/**
 * Draws a story line by line, so that it can be shown while it happens: the virtual time, the actor, and what happens. Each actor has a colour, and
 * is not named twice in a row.
 */
export function timeline(paint: Paint = noPaint, whoWidth = 10): (moment: Moment) => string {
  const seen: string[] = [];
  let last: string | undefined;
  return ({ atMs, text, who }) => {
    if (!seen.includes(who)) seen.push(who);
    const style = WHO_STYLES[seen.indexOf(who) % WHO_STYLES.length] ?? "cyan";
    const isSame = who === last;
    last = who;
    const name = paint(style, (isSame ? "" : plain(who)).padStart(whoWidth));
    const node = paint(style, isSame ? "│" : "●");
    return `  ${paint("dim", clockTime(atMs))} ${name} ${node} ${plain(text)}`;
  };
}

/** A whole story at once. */
export function timelineLines(moments: readonly Moment[], paint: Paint = noPaint): string[] {
  const width = Math.max(0, ...moments.map(({ who }) => plain(who).length));
  return moments.map(timeline(paint, width));
}
