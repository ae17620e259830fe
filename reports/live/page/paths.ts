import type { BindingRow, DeploymentRow, GroupRow, InstanceRow, Row, VmRow } from "../feed.ts";

/** Indexes that lead from one row to others, made once for each state of the rows. */
export interface RowIndex {
  readonly rows: ReadonlyMap<string, Row>;
  readonly deployments: readonly DeploymentRow[];
  readonly vmsOf: ReadonlyMap<string, readonly VmRow[]>;
  readonly instanceOf: ReadonlyMap<string, InstanceRow>;
  readonly bindingsOf: ReadonlyMap<string, readonly BindingRow[]>;
}

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

/** Indexes rows, in time linear in their number. */
export function indexRows(rows: ReadonlyMap<string, Row>): RowIndex {
  const deployments: DeploymentRow[] = [];
  const vmsOf = new Map<string, VmRow[]>();
  const instanceOf = new Map<string, InstanceRow>();
  const bindingsOf = new Map<string, BindingRow[]>();
  for (const row of rows.values()) {
    if (row.kind === "deployment") deployments.push(row);
    else if (row.kind === "vm") push(vmsOf, row.deployment, row);
    else if (row.kind === "instance") instanceOf.set(row.deployment, row);
    else if (row.kind === "binding") push(bindingsOf, row.deployment, row);
  }
  return { rows, deployments, vmsOf, instanceOf, bindingsOf };
}

/** A step on the path from a binding to what it depends on: a title, lines of text, and the row that it represents, if any. */
export interface Step {
  readonly title: string;
  readonly lines: readonly string[];
  readonly row?: Row | undefined;
}

const rowStep = (title: string, row: Row | undefined, ...lines: readonly string[]): readonly Step[] =>
  row === undefined ? [] : [{ title, row, lines: [row.name, row.state, ...lines].filter((line) => line !== "") }];

function groupsOf(vm: VmRow, rows: RowIndex["rows"]): readonly Step[] {
  const found = vm.groups.flatMap((id): GroupRow[] => {
    const row = rows.get(id);
    return row?.kind === "group" ? [row] : [];
  });
  return found.map((row) => ({ title: "Security group", row, lines: [row.name, ...row.rules] }));
}

/** From a VM to everything that it depends on: server, port, network, rules, volume, names. */
function vmSteps(vm: VmRow, { rows }: RowIndex): readonly Step[] {
  const { server, port, volume, names } = vm;
  const network = port === undefined ? undefined : rows.get(`network/${port.network}`);
  return [
    ...rowStep("VM", vm, vm.service ?? "", vm.az, vm.ip),
    ...(server === undefined ? [] : [{ title: "Server", lines: [server.id, server.status] }]),
    ...(port === undefined ? [] : [{ title: "Port", lines: [port.id, port.status, vm.ip] }]),
    ...rowStep("Network", network, ...(network?.kind === "network" ? network.cidrs : [])),
    ...groupsOf(vm, rows),
    ...(volume === undefined ? [] : [{ title: "Volume", lines: [volume.id, volume.status, `${volume.sizeGb} GB`] }]),
    ...(names.length === 0 ? [] : [{ title: "Names in DNS", lines: names }]),
  ];
}

/** How many VMs of a deployment are shown as steps; the rest is only counted. */
const VMS_MAX = 5;

function deploymentSteps(name: string, index: RowIndex): readonly Step[] {
  const vms = index.vmsOf.get(name) ?? [];
  const more = vms.length - VMS_MAX;
  return [
    ...(index.bindingsOf.get(name) ?? [])
      .slice(0, VMS_MAX)
      .flatMap((row) => rowStep("Binding", row, `user ${row.username}`)),
    ...rowStep("Service instance", index.instanceOf.get(name)),
    ...rowStep("Deployment", index.rows.get(`deployment/${name}`)),
    ...(vms.length === 1 && vms[0] !== undefined
      ? vmSteps(vms[0], index)
      : vms.slice(0, VMS_MAX).flatMap((vm) => rowStep("VM", vm, vm.service ?? "", vm.ip, ...vm.names))),
    ...(more > 0 ? [{ title: "VMs", lines: [`${more} more`] }] : []),
  ];
}

/** The path from a binding to its VM, port, rules and name that passes through a given row. */
export function stepsThrough(row: Row, index: RowIndex): readonly Step[] {
  const { rows } = index;
  switch (row.kind) {
    case "deployment":
      return deploymentSteps(row.name, index);
    case "instance":
    case "binding":
      return [
        ...rowStep("Binding", row.kind === "binding" ? row : undefined),
        ...deploymentSteps(row.deployment, index),
      ].filter(
        (step, at, all) =>
          all.findIndex((each) => each.row !== undefined && each.row === step.row) === at || step.row === undefined,
      );
    case "vm":
      return [
        ...rowStep("Service instance", index.instanceOf.get(row.deployment)),
        ...rowStep("Deployment", rows.get(`deployment/${row.deployment}`)),
        ...vmSteps(row, index),
      ];
    case "group":
      return rowStep("Security group", row, ...row.rules);
    case "network":
      return [...rowStep("Network", row, ...row.cidrs), ...rowStep("Project", rows.get(`project/${row.project}`))];
    case "stray":
      return rowStep(`${row.what} outside the director`, row);
    default:
      return rowStep(row.kind, row);
  }
}
