import { OsbError } from "../errors.ts";

/** For tests: the status of what a check throws; undefined when it throws nothing. */
export function statusOf(check: () => unknown): number | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof OsbError) return error.status;
    throw error;
  }
}
