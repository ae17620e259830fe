/** What the health monitor remembers from one look to the next. */
export interface MonitorMemory {
  /** By agent id: the first look at which its agent was silent. */
  silentSinceMs: Map<string, number>;
  /** By instance id: when the resurrector last heard of it. */
  alertedMs: Map<string, number>;
}
