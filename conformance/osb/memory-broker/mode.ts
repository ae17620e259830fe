/** How a broker works: all at once, all in its own time, or the one for some plans and the other for the rest. */
export type BrokerMode = "sync" | "async" | "mixed";
