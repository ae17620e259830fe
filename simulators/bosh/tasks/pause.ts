import type { Body } from "../../kernel/index.ts";

/** Lets simulated time pass; 0 lets others go first. */
export function* pause(ms: number): Body {
  yield ms;
}
