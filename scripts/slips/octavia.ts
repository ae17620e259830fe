import type { Slip } from "./slip.ts";

const OCTAVIA = ["simulators/openstack/octavia"];

/** Slips in Octavia. */
export const OCTAVIA_SLIPS: readonly Slip[] = [
  {
    id: "octavia-port-left-behind",
    breaks: "the port of a deleted load balancer is deleted with it",
    file: "simulators/openstack/octavia/behaviour/changes.ts",
    from: "values.owns_port !== false",
    to: "values.owns_port === true",
    tests: OCTAVIA,
  },
  {
    id: "octavia-pending-is-mutable",
    breaks: "a load balancer can't be changed while a change is in progress",
    file: "simulators/openstack/octavia/behaviour/changes.ts",
    from: "throw immutable(",
    to: "void immutable(",
    tests: OCTAVIA,
  },
  {
    id: "octavia-monitor-changes-no-member",
    breaks: "the members of a pool are online once it has a monitor",
    file: "simulators/openstack/octavia/behaviour/changes.ts",
    from: 'if (row.kind !== "healthmonitor") return;',
    to: 'if (row.kind !== "pool") return;',
    tests: OCTAVIA,
  },
  {
    id: "octavia-stuck-change-ends",
    breaks: "a change that a fault makes stuck never ends",
    file: "simulators/openstack/octavia/behaviour/changes.ts",
    from: 'if (effect?.kind === "stuck") return;',
    to: 'if (effect?.kind === "stuck" && verb === "create") return;',
    tests: OCTAVIA,
  },
  {
    id: "octavia-two-monitors",
    breaks: "a pool has at most one health monitor",
    file: "simulators/openstack/octavia/behaviour/parents.ts",
    from: 'kind === "healthmonitor" && siblings.length > 0',
    to: 'kind === "healthmonitor" && siblings.length > 1',
    tests: OCTAVIA,
  },
];
