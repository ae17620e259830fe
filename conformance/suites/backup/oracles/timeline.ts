/** Most characters in a line. */
const WIDTH = 40;

/**
 * A line that represents a span of time. Draws what lasts from one moment to another, with characters for its
 * beginning, middle and end.
 */
export function timeline(startMs: number, endMs: number) {
  const place = (ms: number): number => Math.round(((ms - startMs) / Math.max(1, endMs - startMs)) * (WIDTH - 1));
  return (fromMs: number, toMs: number, left: string, fill: string, right: string): string => {
    const cells = Array.from({ length: WIDTH }, () => " ");
    for (let at = place(fromMs); at <= place(toMs); at++) cells[at] = fill;
    cells[place(toMs)] = right;
    cells[place(fromMs)] = left;
    return cells.join("").trimEnd();
  };
}
