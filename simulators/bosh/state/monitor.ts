/** The health monitor's memory between its looks. */
export interface MonitorMemory {
  /** The look at which each agent was first silent, by agent id. */
  silentSinceMs: Map<string, number>;
  /** When the resurrector was last alerted to each instance, by instance id. */
  alertedMs: Map<string, number>;
}
