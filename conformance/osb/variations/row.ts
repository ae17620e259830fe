import type { Intent } from "../../client/answer.ts";
import type { JsonObject } from "../../client/http/json.ts";
import type { StatusRule } from "../judge.ts";

/** A request that is varied in one way, and what its answer may be. */
export interface Row {
  readonly words: string;
  readonly body?: JsonObject;
  /** Sent as it is instead of `body`. */
  readonly text?: string;
  readonly good: readonly StatusRule[];
  /** Answers that are worth a warning. */
  readonly tolerated?: readonly StatusRule[];
  /** The specification leaves it to the broker whether it refuses: one that fails (5xx) is another check's finding. */
  readonly isPermission?: boolean;
  /** Default `bad`. */
  readonly intent?: Intent;
}

/** What sends a row. */
export const optionsOf = ({ body = {}, text, intent = "bad" }: Row) => ({
  intent,
  ...(text === undefined ? { body } : { text }),
});
