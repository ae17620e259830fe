import type { FaultPoint } from "../../kernel/index.ts";

/*
 * Neutron does all its work within the request, so only requests can fail: its routes are points (`neutron:POST /v2.0/ports`), with errors,
 * delays and lost connections as effects. Nova's work wires the ports; its points are in nova/faults.ts.
 */

/** Where Neutron's own work may fail, besides its routes: nowhere. */
export const NEUTRON_POINTS: readonly FaultPoint[] = [];
