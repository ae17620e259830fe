import type { Body } from "../../kernel/index.ts";
import { CpiError, type Properties, type VmNetwork, type VmRequest } from "../cpi/cpi.ts";
import { type CpiProcess, faultText } from "./process.ts";
import { NEW_PORT, PORTS, readReply, SECURITY_GROUPS } from "./replies.ts";

const groupNames = ({ security_groups: names }: Properties): readonly string[] =>
  Array.isArray(names) ? names.map(String) : [];

/**
 * The ids of a VM's security groups. Those of the VM type and its extensions replace the networks' (security_groups.rb, pick_security_groups).
 *
 * @throws CpiError if one is not found by name or id
 */
export function* findSecurityGroups(
  process: CpiProcess,
  { cloudProperties, networks }: VmRequest,
): Body<readonly string[]> {
  const own = groupNames(cloudProperties);
  const names = own.length > 0 ? own : networks.flatMap((network) => groupNames(network.cloudProperties));
  const { security_groups: known } = yield* process.read(SECURITY_GROUPS, "neutron", "GET", "/v2.0/security-groups");
  return names.map((name) => {
    const group = known.find((each) => each.name === name) ?? known.find((each) => each.id === name);
    if (group === undefined) throw new CpiError(`Security group '${name}' not found`);
    return group.id;
  });
}

/** Creates the port of a manual network on its address, which a port from an earlier failure may still hold. Returns its id. @throws CpiError */
export function* createPort(process: CpiProcess, network: VmNetwork, groups: readonly string[]): Body<string> {
  const port = {
    network_id: network.cloudProperties.net_id,
    fixed_ips: [{ ip_address: network.ip }],
    ...(groups.length > 0 && { security_groups: groups }),
  };
  let reply = yield* process.ask("neutron", "POST", "/v2.0/ports", { port });
  if (reply.status === 409) {
    yield* freeAddress(process, network);
    reply = yield* process.ask("neutron", "POST", "/v2.0/ports", { port });
  }
  if (reply.status !== 201) throw new CpiError(`Could not create port for ${network.ip}: ${faultText(reply)}`);
  return readReply(NEW_PORT, reply.json, "POST /v2.0/ports").port.id;
}

/** Deletes the port that an earlier failure left on the address: it is DOWN and has no device. */
function* freeAddress(process: CpiProcess, { ip }: VmNetwork): Body {
  const path = `/v2.0/ports?fixed_ips=ip_address%3D${ip}`;
  const { ports } = yield* process.read(PORTS, "neutron", "GET", path);
  const abandoned = ports.filter((port) => port.status === "DOWN" && port.device_id === "" && port.device_owner === "");
  for (const { id } of abandoned) yield* process.ask("neutron", "DELETE", `/v2.0/ports/${id}`);
}
