/** What the health monitor remembers from one look to the next. */
export interface MonitorMemory {
  /** The first look at which each agent was silent, by agent id. */
  silentSinceMs: Map<string, number>;
  /** When the resurrector was last alerted to each instance, by instance id. */
  alertedMs: Map<string, number>;
}
