import type { Host } from "./host.ts";
import type { OperationContext } from "./operations/context.ts";

/** A defect planted in a broker, to see it found: it changes what the broker works with, before the broker starts. */
export interface PlantedBug {
  /** Changes its access to the network. */
  readonly host?: (host: Host) => Host;
  /** Changes its store, deployer, guard and backups. */
  readonly context?: (context: OperationContext) => OperationContext;
}
