/** Most characters in a line. */
const WIDTH = 40;

/** A line that stands for a span of time: draws what lasts from one moment to another, with a sign for its beginning, for what is between, and for its end. */
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
