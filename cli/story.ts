import { type Out, paintFor } from "../reports/terminal.ts";
import { timeline } from "../reports/timeline.ts";
import type { StoryLine } from "../scenarios/story/story.ts";

/** Prints a story line by line, with times since the first line. */
export function storyPrinter(out: Out): (line: StoryLine) => void {
  const draw = timeline(paintFor(out));
  let startMs: number | undefined;
  return (line) => {
    startMs ??= line.atMs;
    out.write(`${draw({ ...line, atMs: line.atMs - startMs })}\n`);
  };
}
