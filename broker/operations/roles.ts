import type { BrokerRole } from "../config.ts";
import type { OperationKind } from "../store/schema.ts";

/** The work that a process with these roles takes over from others. Default: everything. */
export function kindsOf(roles: readonly BrokerRole[]): readonly OperationKind[] | undefined {
  if (roles.includes("spi")) return undefined;
  return roles.includes("backup-manager") ? ["backup", "restore"] : [];
}
