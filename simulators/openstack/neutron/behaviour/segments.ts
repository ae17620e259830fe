import type { NetworkRow } from "../state/rows.ts";
import type { Neutron } from "../state/state.ts";
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

/** The one physical network, which carries flat networks only (`flat_networks`). */
const FLAT_NETWORK = "public";

const REFUSALS: Readonly<Record<string, (segment: Segment) => string | undefined>> = {
  vxlan: ({ physicalNetwork }) => physicalNetwork && "provider:physical_network specified for vxlan network",
  local: ({ physicalNetwork, id }) => {
    const extra = physicalNetwork ? "physical_network" : id === undefined ? undefined : "segmentation_id";
    return extra && `${extra} prohibited for local provider network`;
  },
  flat: ({ physicalNetwork, id }) => {
    if (!physicalNetwork) return "physical_network required for flat provider network";
    if (physicalNetwork !== FLAT_NETWORK)
      return `physical_network '${physicalNetwork}' unknown for flat provider network`;
    return id === undefined ? undefined : "segmentation_id prohibited for flat provider network";
  },
  vlan: ({ physicalNetwork, id }) => {
    if (physicalNetwork) return `physical_network '${physicalNetwork}' unknown for VLAN provider network`;
    return id === undefined ? undefined : "segmentation_id requires physical_network for VLAN provider network";
  },
};

/** Checks a segment that an administrator asks for. @throws Refusal 400, 409 */
export function checkSegment({ slot }: Neutron, segment: Segment): void {
  const { type, id, physicalNetwork } = segment;
  if (type === undefined) throw badInput("network_type required");
  const refusal = REFUSALS[type];
  if (refusal === undefined) throw badInput(`network_type value '${type}' not supported`);
  const message = refusal(segment);
  if (message) throw badInput(message);
  const networks = slot.value.networks.values();
  if (type === "vxlan" && networks.some((row) => row.networkType === type && row.segmentationId === id))
    throw conflict("TunnelIdInUse", `Unable to create the network. The tunnel ID ${id} is in use.`);
  if (type === "flat" && networks.some((row) => row.networkType === type))
    throw conflict(
      "FlatNetworkInUse",
      `Unable to create the flat network. Physical network ${physicalNetwork} is in use.`,
    );
}

/** The number of the next tunnel, for a network that does not ask for one. */
export function nextTunnel({ slot }: Neutron): number {
  const state = slot.value;
  const asked = new Set<number | null>();
  for (const { segmentationId } of state.networks.values())
    if ((segmentationId ?? 0) > state.networksMade) asked.add(segmentationId);
  do state.networksMade++;
  while (asked.has(state.networksMade));
  return state.networksMade;
}

/** Refuses changes of the segment: only the ids of VLANs change, and there are none. @throws Refusal 400 */
export function checkSegmentChange(row: NetworkRow, { type, physicalNetwork, id }: Segment): void {
  if ((type !== undefined && type !== row.networkType) || (physicalNetwork ?? null) !== row.physicalNetwork) {
    if (type !== undefined || physicalNetwork !== undefined)
      throw badInput(
        "Plugin does not support updating the following provider network attributes: provider:network_type, provider:physical_network",
      );
  }
  if (id !== undefined && id !== row.segmentationId)
    throw invalid("InvalidInput", "Invalid input for operation: Only VLAN type networks can be updated..");
}
