import type { Body } from "../../kernel/index.ts";

/** Lets simulated time pass; 0 yields to others. */
export function* pause(ms: number): Body {
  yield ms;
}
