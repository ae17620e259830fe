import Type from "typebox";
import type { AddressPlan } from "../../simulators/addresses.ts";
import type { OpenStackClient } from "../clients/openstack.ts";
import { findExternalNetwork, type PlatformNetworks } from "./networks.ts";
import type { Narrate } from "./story.ts";

const KEYPAIR = "bosh";
const FLAVOR = "m1.small";
/** Nobody reads what an image holds. */
const IMAGE_BYTES = 4096;

/** A server to create. */
interface Machine {
  readonly name: string;
  readonly address: string;
  readonly networkId: string;
  readonly imageId: string;
  /** Ids of its security groups. */
  readonly groups: readonly (string | undefined)[];
}

/** Creates the keypair of the director's VMs. */
export async function createKeypair(openstack: OpenStackClient, narrate: Narrate): Promise<void> {
  await openstack.call("compute", "POST", "/os-keypairs", { keypair: { name: KEYPAIR } });
  narrate("operator", `creates keypair ${KEYPAIR}`);
}

/** Creates an image and waits until it can be used. Returns its id. */
export async function uploadImage(openstack: OpenStackClient, name: string): Promise<string> {
  const image = { name, disk_format: "qcow2", container_format: "bare", visibility: "private" };
  const { id } = await openstack.callAs(Type.Object({ id: Type.String() }), "image", "POST", "/images", image);
  await openstack.upload(id, Buffer.alloc(IMAGE_BYTES, name));
  await openstack.waitForStatus("image", `/images/${id}`, "", "active");
  return id;
}

/** Creates a server with a port of its own and waits until it runs. Returns the ids of both. */
export async function createMachine(
  openstack: OpenStackClient,
  machine: Machine,
): Promise<{ readonly serverId: string; readonly portId: string }> {
  const portId = await openstack.create("network", "/ports", "port", {
    network_id: machine.networkId,
    fixed_ips: [{ ip_address: machine.address }],
    security_groups: machine.groups,
  });
  const flavors = await openstack.list("compute", "/flavors", "flavors");
  const serverId = await openstack.create("compute", "/servers", "server", {
    name: machine.name,
    imageRef: machine.imageId,
    flavorRef: flavors.find(({ name }) => name === FLAVOR)?.id,
    key_name: KEYPAIR,
    networks: [{ port: portId }],
  });
  await openstack.waitForStatus("compute", `/servers/${serverId}`, "server", "ACTIVE");
  return { serverId, portId };
}

const FloatingIp = Type.Object({ floatingip: Type.Object({ floating_ip_address: Type.String() }) });

/** Gives a port a floating address, which it returns. */
export async function giveFloatingAddress(openstack: OpenStackClient, portId: string): Promise<string> {
  const floatingip = { floating_network_id: await findExternalNetwork(openstack), port_id: portId };
  const answer = await openstack.callAs(FloatingIp, "network", "POST", "/floatingips", { floatingip });
  return answer.floatingip.floating_ip_address;
}

/** The operator creates the VM from which the director is deployed. */
export async function createInceptionMachine(
  openstack: OpenStackClient,
  { block }: AddressPlan,
  networks: PlatformNetworks,
  narrate: Narrate,
): Promise<void> {
  const imageId = await uploadImage(openstack, "ubuntu-22.04");
  const address = `${block}.0.5`;
  const groups = [networks.groups.management];
  const machine = { name: "inception", address, networkId: networks.management, imageId, groups };
  const { portId } = await createMachine(openstack, machine);
  const floating = await giveFloatingAddress(openstack, portId);
  narrate("operator", `creates the inception VM (${address}, floating ${floating}) in OpenStack and logs in`);
}
