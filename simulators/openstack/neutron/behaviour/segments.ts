import type { Cloud } from "../../cloud.ts";
import { Refusal } from "../../refusal.ts";
import type { NetworkRow } from "../state/rows.ts";
import type { SegmentRow } from "../state/extension-rows.ts";
import { type Neutron, touch } from "../state/state.ts";
import { badInput, conflict, invalid } from "../wire/errors.ts";

/*
 * Segments of networks (ML2's type drivers): what an administrator may ask for, and what the cloud chooses.
 */

/** The requested segment; `undefined` if none is requested. */
export interface Segment {
  readonly type?: string | undefined;
  readonly physicalNetwork?: string | undefined;
  readonly id?: number | undefined;
}

/** The one physical network: it carries a flat network (`flat_networks`), and VLANs where there are agents (`network_vlan_ranges`). */
const PHYSICAL_NETWORK = "public";
const VLAN_MAX = 4094;

type Refuse = (segment: Segment, cloud: Pick<Cloud, "profile">) => string | undefined;

/** Types whose segments are numbered tunnels between the hosts; the bare control plane loads the driver of the first only. */
const TUNNELS = ["vxlan", "gre", "geneve"];

const refuseTunnel: Refuse = ({ type = "", physicalNetwork }, { profile }) => {
  if (type !== "vxlan" && profile === "rig") return `network_type value '${type}' not supported`;
  return physicalNetwork && `provider:physical_network specified for ${type} network`;
};

const REFUSALS: Readonly<Record<string, Refuse>> = {
  ...Object.fromEntries(TUNNELS.map((type): [string, Refuse] => [type, refuseTunnel])),
  local: ({ physicalNetwork, id }) => {
    const extra = physicalNetwork ? "physical_network" : id === undefined ? undefined : "segmentation_id";
    return extra && `${extra} prohibited for local provider network`;
  },
  flat: ({ physicalNetwork, id }) => {
    if (!physicalNetwork) return "physical_network required for flat provider network";
    if (physicalNetwork !== PHYSICAL_NETWORK)
      return `physical_network '${physicalNetwork}' unknown for flat provider network`;
    return id === undefined ? undefined : "segmentation_id prohibited for flat provider network";
  },
  vlan: ({ physicalNetwork, id }, { profile }) => {
    if (!physicalNetwork)
      return id === undefined ? undefined : "segmentation_id requires physical_network for VLAN provider network";
    if (physicalNetwork !== PHYSICAL_NETWORK || profile === "rig")
      return `physical_network '${physicalNetwork}' unknown for VLAN provider network`;
    return id === undefined || (id >= 1 && id <= VLAN_MAX)
      ? undefined
      : `segmentation_id out of range (1 through ${VLAN_MAX})`;
  },
};

const tunnelInUse = ({ id }: Segment): Refusal =>
  conflict("TunnelIdInUse", `Unable to create the network. The tunnel ID ${id} is in use.`);

const IN_USE: Readonly<Record<string, (segment: Segment) => Refusal>> = {
  flat: ({ physicalNetwork }) =>
    conflict("FlatNetworkInUse", `Unable to create the flat network. Physical network ${physicalNetwork} is in use.`),
  vlan: ({ physicalNetwork, id }) =>
    conflict(
      "VlanIdInUse",
      `Unable to create the network. The VLAN ${id} on physical network ${physicalNetwork} is in use.`,
    ),
};

/** @throws Refusal 409 if another network is on the same wire, tunnel or VLAN */
function checkUnused({ slot }: Neutron, segment: Segment): void {
  const { type = "", physicalNetwork, id } = segment;
  for (const row of slot.value.segments.values()) {
    const isSameWire = (row.physicalNetwork ?? undefined) === physicalNetwork;
    const isSame = row.networkType === type && isSameWire && (row.segmentationId ?? undefined) === id;
    const refusal = isSame ? (TUNNELS.includes(type) ? tunnelInUse(segment) : IN_USE[type]?.(segment)) : undefined;
    if (refusal !== undefined) throw refusal;
  }
}

/** Checks a segment that an administrator asks for. @throws Refusal 400, 409 */
export function checkSegment(neutron: Neutron, segment: Segment): void {
  const { type } = segment;
  if (type === undefined) throw badInput("network_type required");
  const refusal = REFUSALS[type];
  if (refusal === undefined) throw badInput(`network_type value '${type}' not supported`);
  const message = refusal(segment, neutron.cloud);
  if (message) throw badInput(message);
  if (type === "flat" || segment.id !== undefined) checkUnused(neutron, segment);
}

/** Gives a network one segment more. */
export function addSegment(neutron: Neutron, networkId: string, segment: Segment): SegmentRow {
  const { cloud, slot } = neutron;
  const { type = "vxlan", physicalNetwork, id } = segment;
  const row: SegmentRow = {
    // From a stream of its own, so that all other ids stay as they are however many segments there are.
    id: cloud.uuid("neutron/segments"),
    projectId: "",
    description: "",
    tags: [],
    createdMs: cloud.kernel.nowMs,
    updatedMs: cloud.kernel.nowMs,
    revision: 0,
    networkId,
    name: null,
    isDescribed: false,
    networkType: type,
    physicalNetwork: physicalNetwork ?? null,
    segmentationId: id ?? chosenNumber(neutron, type),
  };
  slot.value.segments.set(row.id, row);
  slot.value.networks.get(networkId)?.segments.push(row.id);
  return row;
}

/** The segments of a network, in order of creation. */
export const segmentsOf = ({ slot }: Neutron, network: NetworkRow): readonly SegmentRow[] =>
  network.segments.flatMap((id) => slot.value.segments.get(id) ?? []);

/** Takes one segment from its network. */
export function removeSegment({ slot }: Neutron, row: SegmentRow): void {
  slot.value.segments.delete(row.id);
  const segments = slot.value.networks.get(row.networkId)?.segments ?? [];
  segments.splice(segments.indexOf(row.id), 1);
}

/** The number that the service chooses for a segment without one; `null` where segments have none. */
function chosenNumber(neutron: Neutron, type: string): number | null {
  if (type === "vlan") return freeVlan(neutron);
  return TUNNELS.includes(type) ? nextTunnel(neutron) : null;
}

/** The lowest VLAN that no network is on. @throws Refusal 503 if there is none */
function freeVlan({ slot }: Neutron): number {
  const taken = new Set([...slot.value.segments.values()].filter(isVlan).map(({ segmentationId }) => segmentationId));
  for (let vlan = 1; vlan <= VLAN_MAX; vlan++) if (!taken.has(vlan)) return vlan;
  throw new Refusal(
    503,
    "NoNetworkAvailable",
    "Unable to create the network. No tenant network is available for allocation.",
  );
}

const isVlan = ({ networkType }: SegmentRow): boolean => networkType === "vlan";

/** The number of the next tunnel, for a network that does not ask for one. */
function nextTunnel({ slot }: Neutron): number {
  const state = slot.value;
  const asked = new Set<number | null>();
  for (const { segmentationId } of state.segments.values())
    if ((segmentationId ?? 0) > state.networksMade) asked.add(segmentationId);
  do state.networksMade++;
  while (asked.has(state.networksMade));
  return state.networksMade;
}

/** Refuses changes of what carries a network: only the ids of VLANs change. @throws Refusal 400, 409 */
export function changeSegment(neutron: Neutron, network: NetworkRow, { type, physicalNetwork, id }: Segment): void {
  const [row, ...others] = segmentsOf(neutron, network);
  const isOther =
    (type !== undefined && type !== row?.networkType) || (physicalNetwork ?? null) !== (row?.physicalNetwork ?? null);
  if (isOther && (type !== undefined || physicalNetwork !== undefined))
    throw badInput(
      "Plugin does not support updating the following provider network attributes: provider:network_type, provider:physical_network",
    );
  if (id === undefined || id === row?.segmentationId) return;
  if (row === undefined || others.length > 0 || row.networkType !== "vlan")
    throw invalid("InvalidInput", "Invalid input for operation: Only VLAN type networks can be updated..");
  checkSegment(neutron, { type: row.networkType, physicalNetwork: row.physicalNetwork ?? undefined, id });
  row.segmentationId = id;
  touch(neutron, row);
}
