/**
 * What a platform may order that the broker works on, and `repair`: what the director and data guard do about a VM that vanished.
 */
export const OPERATIONS = [
  "provision",
  "update",
  "bind",
  "unbind",
  "deprovision",
  "backup",
  "restore",
  "repair",
] as const;
/** An operation by name. */
export type Operation = (typeof OPERATIONS)[number];

/** How faults strike, by kind: routes are refused, cut off after or before the work, or late; a call of the CPI, a task, a job fails. */
export const FAULT_KINDS = ["refused", "lost-reply", "reset", "late", "cpi", "task", "job"] as const;
/** A kind of fault. */
export type FaultKind = (typeof FAULT_KINDS)[number];

/** A fault point that an operation passes, and how often it does at least when nothing fails. */
type Call = readonly [point: string, times: number];

/** The part of an operation that makes a call: each phase is one neighbour of the broker, or the director's own neighbours. */
type Phase = "director" | "iaas" | "task" | "job" | "guard" | "agent" | "storage";

const GROUPS: Call = ["neutron:GET /v2.0/security-groups", 1];
const PORTS: Call = ["neutron:GET /v2.0/ports", 1];
const VMS: Call = ["bosh:GET /deployments/:deployment/instances", 1];

const CREATE_VM: readonly Call[] = [
  ["cpi:create_vm", 1],
  ["cpi:attach_disk", 1],
  ["cpi:set_vm_metadata", 1],
  ["cpi:set_disk_metadata", 1],
];
const DEPLOY: readonly Call[] = [
  ["bosh:POST /deployments", 1],
  ["bosh:GET /tasks", 1],
  ["bosh:GET /tasks/:id", 3],
  VMS,
];
const OPEN: Call = ["neutron:POST /v2.0/security-group-rules", 1];

/**
 * The fault points that each operation passes on a healthy cloud, by phase (an update: to a larger plan). A test plays every operation and compares
 * the table with what is then called, so that faults aimed by it hit their targets.
 */
export const CALLS: Readonly<Record<Operation, Readonly<Partial<Record<Phase, readonly Call[]>>>>> = {
  provision: {
    director: DEPLOY,
    iaas: [...CREATE_VM, ["cpi:create_disk", 1]],
    task: [["director:task", 1]],
    job: [["director:job", 1]],
    guard: [GROUPS, PORTS, ["neutron:POST /v2.0/security-groups", 1], OPEN, ["neutron:PUT /v2.0/ports/:id", 1]],
    agent: [["dataservice-agent:GET /v1/status", 1]],
  },
  update: {
    director: DEPLOY,
    iaas: [
      ["cpi:attach_disk", 1],
      ["cpi:set_disk_metadata", 1],
    ],
    task: [["director:task", 1]],
    job: [["director:job", 1]],
    guard: [GROUPS, PORTS],
    agent: [["dataservice-agent:GET /v1/status", 1]],
  },
  bind: {
    director: [VMS],
    guard: [GROUPS, PORTS],
    agent: [["dataservice-agent:PUT /v1/credentials/:username", 1]],
  },
  unbind: {
    director: [VMS],
    guard: [GROUPS, PORTS],
    agent: [["dataservice-agent:DELETE /v1/credentials/:username", 1]],
  },
  deprovision: {
    director: [
      ["bosh:DELETE /deployments/:deployment", 1],
      ["bosh:DELETE /disks/:cid", 1],
      ["bosh:GET /disks", 1],
      ["bosh:GET /tasks", 2],
      ["bosh:GET /tasks/:id", 3],
    ],
    iaas: [
      ["cpi:delete_vm", 1],
      ["cpi:delete_disk", 1],
    ],
    task: [["director:task", 2]],
    guard: [
      GROUPS,
      PORTS,
      ["neutron:DELETE /v2.0/security-group-rules/:id", 1],
      ["neutron:DELETE /v2.0/security-groups/:id", 1],
    ],
    storage: [["swift:GET /v1/:account/:container", 1]],
  },
  backup: {
    director: [VMS],
    guard: [GROUPS, PORTS],
    agent: [["dataservice-agent:POST /v1/dumps", 1]],
    storage: [
      ["swift:PUT /v1/:account/:container", 1],
      ["swift:GET /v1/:account/:container", 1],
      ["swift:PUT /v1/:account/:container/*object", 1],
    ],
  },
  restore: {
    director: [VMS],
    guard: [GROUPS, PORTS],
    agent: [
      ["dataservice-agent:GET /v1/restores/:name", 1],
      ["dataservice-agent:POST /v1/restores", 1],
    ],
    storage: [["swift:GET /v1/:account/:container/*object", 2]],
  },
  repair: {
    iaas: [...CREATE_VM],
    task: [["director:task", 1]],
    job: [["director:job", 1]],
    guard: [GROUPS, PORTS, ["neutron:PUT /v2.0/ports/:id", 1]],
  },
};

const ROUTE_KINDS: readonly FaultKind[] = ["refused", "lost-reply", "reset", "late"];

/** The kinds of fault that strike the calls of a phase. */
const kindsOf = (phase: Phase): readonly FaultKind[] => {
  if (phase === "iaas") return ["cpi"];
  return phase === "task" || phase === "job" ? [phase] : ROUTE_KINDS;
};

/** The aim of a fault: an operation, the kind of fault, and the phase. */
export interface Aim {
  readonly operation: Operation;
  readonly kind: FaultKind;
  readonly phase: Phase;
  readonly calls: readonly Call[];
}

const phasesOf = (operation: Operation): readonly (readonly [Phase, readonly Call[]])[] =>
  (["director", "iaas", "task", "job", "guard", "agent", "storage"] as const).flatMap((phase) => {
    const calls = CALLS[operation][phase];
    return calls === undefined ? [] : [[phase, calls] as const];
  });

/** Everything that a fault can be aimed at. */
export const AIMS: readonly Aim[] = OPERATIONS.flatMap((operation) =>
  phasesOf(operation).flatMap(([phase, calls]) => kindsOf(phase).map((kind) => ({ operation, kind, phase, calls }))),
);

/** `provision × refused × guard` */
export const nameAim = ({ operation, kind, phase }: Pick<Aim, "operation" | "kind" | "phase">): string =>
  `${operation} × ${kind} × ${phase}`;
