import { stripVTControlCharacters, styleText } from "node:util";
import type { Verdict } from "../conformance/runner/events.ts";
import { type Counts, VERDICTS } from "./report.ts";

/** Where lines go: a terminal, a file, a pipe. process.stdout is one. */
export interface Out {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Names of styles, as `util.styleText` takes them. */
export type Style = Parameters<typeof styleText>[0];
/** Gives text a style. */
export type Paint = (style: Style, text: string) => string;
/** Leaves text as it is. */
export const noPaint: Paint = (_style, text) => text;

/** Colour on a terminal, unless NO_COLOR says no; plain text elsewhere, unless FORCE_COLOR says yes. */
export function paintFor(out: Out, env: NodeJS.ProcessEnv = process.env): Paint {
  const isForced = env["FORCE_COLOR"] !== undefined && env["FORCE_COLOR"] !== "0";
  const isPlain = (env["NO_COLOR"] ?? "") !== "" || env["FORCE_COLOR"] === "0" || env["TERM"] === "dumb";
  if (!isForced && (isPlain || out.isTTY !== true)) return noPaint;
  return (style, text) => styleText(style, text, { validateStream: false });
}

/** How each verdict looks. */
export const LOOK: Readonly<Record<Verdict, { mark: string; style: Style; word: string }>> = {
  fail: { mark: "✗", style: ["bold", "red"], word: "failed" },
  unknown: { mark: "?", style: "magenta", word: "unknown" },
  warn: { mark: "!", style: "yellow", word: "warned" },
  pass: { mark: "✓", style: "green", word: "passed" },
  "not-applicable": { mark: "–", style: "dim", word: "not applicable" },
};

/** Puts a text on one line, without anything that moves a cursor or hides a word: a broker's answers can't be trusted. */
export function plain(text: string): string {
  const oneLine = stripVTControlCharacters(text).replaceAll(/\s+/gu, " ");
  return oneLine.replaceAll(/[\p{Cc}\p{Cf}\p{Surrogate}]/gu, "�").trim();
}

/** Cuts a text to a width in characters, with an ellipsis where something is missing. */
export function cut(text: string, widthMax: number): string {
  const chars = Array.from(text);
  if (chars.length <= widthMax) return text;
  return widthMax < 1 ? "" : `${chars.slice(0, widthMax - 1).join("")}…`;
}

/** Width of a bar on a terminal. */
export const BAR_CELLS = 24;

/** A coloured bar of `cells` cells; a verdict that occurs has at least one, so that no failure is rounded away. */
export function bar(counts: Counts, cells: number, paint: Paint): string {
  const total = VERDICTS.reduce((sum, verdict) => sum + counts[verdict], 0);
  const widths = VERDICTS.map((verdict) =>
    counts[verdict] === 0 ? 0 : Math.max(1, Math.round((counts[verdict] / total) * cells)),
  );
  const widest = widths.indexOf(Math.max(...widths));
  const excess = widths.reduce((sum, width) => sum + width, 0) - cells;
  const fitted = widths.map((width, at) => (at === widest ? Math.max(0, width - excess) : width));
  return VERDICTS.map((verdict, at) =>
    paint(LOOK[verdict].style, (verdict === "not-applicable" ? "░" : "█").repeat(total === 0 ? 0 : (fitted[at] ?? 0))),
  ).join("");
}

const TALLY_ORDER: readonly Verdict[] = ["pass", "fail", "unknown", "warn", "not-applicable"];

/** `12 passed · 1 failed`, without verdicts that did not occur. */
export function tally(counts: Counts, paint: Paint): string {
  return TALLY_ORDER.filter((verdict) => counts[verdict] > 0)
    .map((verdict) => paint(LOOK[verdict].style, `${counts[verdict]} ${LOOK[verdict].word}`))
    .join(paint("dim", " · "));
}
