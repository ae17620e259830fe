import type { Slip } from "./slip.ts";

const LIVE = ["reports/live/live.test.ts"];

/** Slips in the live page. */
export const LIVE_PAGE_SLIPS: readonly Slip[] = [
  {
    id: "live-percentile-too-high",
    breaks: "a percentile is the first bucket that reaches its fraction",
    file: "reports/live/percentile.ts",
    from: "seen >= wanted",
    to: "seen > wanted",
    tests: LIVE,
  },
  {
    id: "live-removed-row-stays",
    breaks: "a viewer learns which rows are gone",
    file: "reports/live/changes.ts",
    from: "(id) => !texts.has(id)",
    to: "(id) => !texts.has(id) && id === ``",
    tests: LIVE,
  },
  {
    id: "live-unchanged-row-sent-again",
    breaks: "a row that has not changed is not sent again",
    file: "reports/live/changes.ts",
    from: "if (this.#texts.get(row.id) !== text) put.push(row);",
    to: "put.push(row);",
    tests: LIVE,
  },
  {
    id: "live-viewer-starts-over",
    breaks: "a viewer that has the newest event is sent none again",
    file: "reports/live/hub.ts",
    from: "if (newest < viewer.seq) viewer.seq = 0;",
    to: "if (newest <= viewer.seq) viewer.seq = 0;",
    tests: LIVE,
  },
  {
    id: "live-restore-not-forgotten",
    breaks: "after a restore the page forgets the events that never happened",
    file: "reports/live/page/store.ts",
    from: "old.filter(({ seq }) => seq < first)",
    to: "old",
    tests: LIVE,
  },
  {
    id: "live-open-task-without-length",
    breaks: "a task that has not ended lasts until now",
    file: "reports/live/page/lanes.ts",
    from: "close(begun, nowMs, false)",
    to: "close(begun, begun.time, false)",
    tests: LIVE,
  },
];
