/**
 * How a broker in memory works: `sync` does all at once, `async` answers 202 and ends at the second poll, `mixed` does so for its
 * databases only.
 */
export type BrokerMode = "sync" | "async" | "mixed";
