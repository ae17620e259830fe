/**
 * One exchange that led to a verdict, secrets redacted: over HTTP with the broker, or (method `SQL`, the statement as body) with
 * a data service behind it. `curl` is the line that reproduces it, for a data service one of psql.
 */
export interface Exchange {
  readonly curl: string;
  /** True when it accuses nobody, but made what the exchanges after it are about. */
  readonly setup?: boolean;
  readonly request: {
    readonly method: string;
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: string;
  };
  readonly response?: {
    /** Of HTTP; a data service answers without one. */
    readonly status?: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
    readonly elapsedMs: number;
  };
  /** Why there is no response: connection refused, timed out … */
  readonly error?: string;
}
