import type { Fields } from "../configs/fields.ts";

/** A state of the director before a request that it refuses. */
export type Preparation = "uploaded" | "deployed" | "stopped" | "detached" | "ignored" | "paused" | "errand";

/** A request that the director refuses: at once, or by the task that it starts. */
export interface RequestRule {
  /** The file below bosh-director's lib/bosh/director. */
  readonly source: string;
  readonly code: number;
  /** The whole text. `{uuid}` stands for the director's own, `{instance}` for the id of the first instance. */
  readonly text: string;
  /** Method and path. */
  readonly request: string;
  /** A text is sent as YAML, anything else as JSON. */
  readonly body?: string | Fields | readonly unknown[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly user?: string;
  readonly before: Preparation;
}

type Row = readonly [
  code: number,
  text: string,
  request: string,
  body?: RequestRule["body"],
  more?: Pick<RequestRule, "headers" | "user">,
];

/** The rules of one file of the director, each with a request. */
export const requestRules = (source: string, before: Preparation, rows: readonly Row[]): readonly RequestRule[] =>
  rows.map(([code, text, request, body, more]) => ({
    source,
    before,
    code,
    text,
    request,
    ...(body !== undefined && { body }),
    ...more,
  }));
