/**
 * One exchange that led to a verdict, secrets redacted: over HTTP with the broker, or (method `SQL`, the statement as body) with
 * a data service behind it. `curl` is the command that reproduces it; for a data service, a psql command.
 */
export interface Exchange {
  readonly curl: string;
  /** True if it accuses nobody, but created the subject of the exchanges after it. */
  readonly setup?: boolean;
  readonly request: {
    readonly method: string;
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: string;
  };
  readonly response?: {
    /** Of HTTP; an answer of a data service has none. */
    readonly status?: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
    readonly elapsedMs: number;
  };
  /** Why there is no response: connection refused, timed out … */
  readonly error?: string;
}
