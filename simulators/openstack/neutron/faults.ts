import type { FaultPoint } from "../../kernel/index.ts";

/*
 * Neutron does all its work within the request, so what may fail is a request: its routes are points (`neutron:POST /v2.0/ports`),
 * with errors, delays and lost connections as their effects. Ports are wired by Nova's work; its points are in nova/faults.ts.
 */

/** Where Neutron's own work may fail, beside its routes: nowhere. */
export const NEUTRON_POINTS: readonly FaultPoint[] = [];
