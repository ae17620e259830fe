import type { Slot } from "../../../kernel/index.ts";
import type { Cloud } from "../../cloud.ts";
import { type ExtensionState, newExtensionState } from "./extension-rows.ts";
import type {
  AddressGroupRow,
  AddressScopeRow,
  FloatingIpRow,
  NetworkRow,
  PortRow,
  RbacPolicyRow,
  ResourceRow,
  Revisioned,
  RouterRow,
  SecurityGroupRow,
  SubnetpoolRow,
  SubnetRow,
} from "./rows.ts";

/** The state of Neutron, by id, with indexes for frequent lookups. */
export interface NeutronState extends ExtensionState {
  readonly networks: Map<string, NetworkRow>;
  readonly subnets: Map<string, SubnetRow>;
  readonly subnetpools: Map<string, SubnetpoolRow>;
  readonly addressScopes: Map<string, AddressScopeRow>;
  readonly addressGroups: Map<string, AddressGroupRow>;
  readonly ports: Map<string, PortRow>;
  readonly groups: Map<string, SecurityGroupRow>;
  /** Rule → its group. */
  readonly groupByRule: Map<string, string>;
  readonly routers: Map<string, RouterRow>;
  readonly floatingIps: Map<string, FloatingIpRow>;
  /** Port → the floating IPs associated with it. */
  readonly floatingByPort: Map<string, string[]>;
  readonly rbac: Map<string, RbacPolicyRow>;
  /** Object → the policies that share it, in order of creation. */
  readonly rbacByObject: Map<string, readonly string[]>;
  /** Device → its ports, in order of creation. */
  readonly portsByDevice: Map<string, string[]>;
  /** `network/address` → the port that holds it. */
  readonly portByAddress: Map<string, string>;
  /** Project → its group `default`. */
  readonly defaultGroups: Map<string, string>;
  /** Project → what an administrator has set. */
  readonly quotas: Map<string, Readonly<Record<string, number>>>;
  /** `project/resource` → how many there are. */
  readonly counts: Map<string, number>;
  /** Networks created so far, for segmentation ids. */
  networksMade: number;
}

/** The state of a cloud without networks. */
export const newState = (): NeutronState => ({
  ...newExtensionState(),
  networks: new Map(),
  subnets: new Map(),
  subnetpools: new Map(),
  addressScopes: new Map(),
  addressGroups: new Map(),
  ports: new Map(),
  groups: new Map(),
  groupByRule: new Map(),
  routers: new Map(),
  floatingIps: new Map(),
  floatingByPort: new Map(),
  rbac: new Map(),
  rbacByObject: new Map(),
  portsByDevice: new Map(),
  portByAddress: new Map(),
  defaultGroups: new Map(),
  quotas: new Map(),
  counts: new Map(),
  networksMade: 0,
});

/** The context of Neutron's functions: its state, and the cloud that it is part of. */
export interface Neutron {
  readonly cloud: Cloud;
  readonly slot: Slot<NeutronState>;
}

/** The standard attributes of a new row. */
export const newRow = ({ cloud }: Neutron, projectId: string, revision: number, description = ""): ResourceRow => ({
  id: cloud.uuid("neutron"),
  projectId,
  description,
  tags: [],
  createdMs: cloud.kernel.nowMs,
  updatedMs: cloud.kernel.nowMs,
  revision,
});

/** Counts a change of the row. */
export function touch({ cloud }: Neutron, row: Revisioned): void {
  row.updatedMs = cloud.kernel.nowMs;
  row.revision++;
}
