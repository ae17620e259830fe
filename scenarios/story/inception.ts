import type { World } from "../../simulators/world.ts";
import { type DirectorClient, directorClient } from "../clients/director.ts";
import { type OpenStackClient, openStackClient } from "../clients/openstack.ts";
import { releaseTarball, stemcellTarball } from "../deployments/artifacts.ts";
import { cloudConfig, type Networks, SIZES } from "../deployments/cloud-config.ts";
import { addressesOf, type Opening, SECURITY_GROUPS } from "../deployments/security-groups.ts";
import { controlPlane, MANAGEMENT_SERVICES, SERVICES, STEMCELL, type ServiceName } from "../deployments/manifests.ts";
import { RELEASES } from "../deployments/releases.ts";
import type { Environment, StoryLine } from "../stage.ts";

export interface InceptionOptions {
  /** Called when a step is done. */
  readonly tell?: (line: StoryLine) => void;
  /** Control planes to deploy. Default: all of them. */
  readonly services?: readonly ServiceName[];
}

/** What the story leaves behind for who goes on with it. */
export interface Inception {
  readonly director: DirectorClient;
  readonly openstack: OpenStackClient;
}

type Tell = (who: string, text: string) => void;

/**
 * The story of the platform, from an empty cloud to brokers that answer: an inception VM, from it the director, its stemcell and releases,
 * the management services, one control plane per service. Each step goes through the API that a person would use.
 *
 * @throws ScenarioError when a step is refused or does not end
 */
export async function inception(world: World, options: InceptionOptions = {}): Promise<Inception> {
  const stage = world.environmentAt(world.plan.applications);
  const tell: Tell = (who, text) => options.tell?.({ atMs: stage.nowMs(), who, text });
  const openstack = await prepareProject(world, stage, tell);
  const networks = await prepareNetworks(world, openstack, tell);
  await prepareCompute(openstack, tell);
  await createInceptionVm(world, openstack, networks, tell);
  await createDirector(world, openstack, networks, tell);
  const director = directorClient(stage, world.credentials.director);
  await fillDirector(world, stage, director, networks, tell);
  for (const { name, manifest } of MANAGEMENT_SERVICES) await deploy(director, name, manifest, tell);
  for (const service of options.services ?? SERVICES) {
    const { name, manifest } = controlPlane(service);
    await deploy(director, name, manifest, tell);
  }
  return { director, openstack };
}

const QUOTA = -1;

async function prepareProject(world: World, environment: Environment, tell: Tell): Promise<OpenStackClient> {
  const { openstackAdmin, cpi } = world.credentials;
  const admin = await openStackClient(environment, openstackAdmin);
  const { project } = (await admin.call("identity", "POST", "/projects", { project: { name: cpi.project } })) as {
    project: { id: string };
  };
  const { user } = (await admin.call("identity", "POST", "/users", {
    user: { name: cpi.username, password: cpi.password, default_project_id: project.id },
  })) as { user: { id: string } };
  const { roles } = (await admin.call("identity", "GET", "/roles")) as {
    roles: readonly { id: string; name: string }[];
  };
  for (const role of roles.filter(({ name }) => name === "member")) {
    await admin.call("identity", "PUT", `/projects/${project.id}/users/${user.id}/roles/${role.id}`);
  }
  await admin.call("compute", "PUT", `/os-quota-sets/${project.id}`, {
    quota_set: { instances: QUOTA, cores: QUOTA, ram: QUOTA },
  });
  await admin.call("volumev3", "PUT", `/os-quota-sets/${project.id}`, {
    quota_set: { volumes: QUOTA, gigabytes: QUOTA, snapshots: QUOTA },
  });
  const networkQuota = { port: QUOTA, security_group: QUOTA, security_group_rule: QUOTA, floatingip: QUOTA };
  await admin.call("network", "PUT", `/quotas/${project.id}`, { quota: networkQuota });
  for (const { name, memoryMb, cpus, ephemeralGb } of SIZES) {
    await admin.call("compute", "POST", "/flavors", {
      flavor: { name: `m1.${name}`, ram: memoryMb, vcpus: cpus, disk: 5, "OS-FLV-EXT-DATA:ephemeral": ephemeralGb },
    });
  }
  await createNetwork(admin, "external", world.plan.floating, { "router:external": true });
  tell("operator", `creates project ${cpi.project} with its quotas, flavors and the external network`);
  return openStackClient(environment, { ...cpi, authUrl: openstackAdmin.authUrl });
}

async function createNetwork(
  openstack: OpenStackClient,
  name: string,
  subnet: { readonly cidr: string; readonly gateway: string },
  more: Record<string, unknown> = {},
): Promise<{ networkId: string; subnetId: string }> {
  const { network } = (await openstack.call("network", "POST", "/networks", { network: { name, ...more } })) as {
    network: { id: string };
  };
  const { subnet: made } = (await openstack.call("network", "POST", "/subnets", {
    subnet: {
      network_id: network.id,
      name,
      ip_version: 4,
      cidr: subnet.cidr,
      gateway_ip: subnet.gateway,
      enable_dhcp: false,
    },
  })) as { subnet: { id: string } };
  return { networkId: network.id, subnetId: made.id };
}

type GroupIds = Readonly<Record<string, string>>;

/** Makes the groups first: their rules name each other. */
async function createGroups(world: World, openstack: OpenStackClient): Promise<GroupIds> {
  const ids: Record<string, string> = {};
  for (const name of Object.keys(SECURITY_GROUPS)) {
    const { security_group: group } = (await openstack.call("network", "POST", "/security-groups", {
      security_group: { name },
    })) as { security_group: { id: string } };
    ids[name] = group.id;
  }
  for (const [name, openings] of Object.entries(SECURITY_GROUPS)) {
    for (const opening of openings as readonly Opening[]) {
      for (const rule of rulesOf(world, opening, ids)) {
        const body = { security_group_id: ids[name], direction: "ingress", ethertype: "IPv4", ...rule };
        await openstack.call("network", "POST", "/security-group-rules", { security_group_rule: body });
      }
    }
  }
  return ids;
}

function rulesOf({ plan }: World, { port, protocol = "tcp", from }: Opening, ids: GroupIds): readonly object[] {
  const ports = { protocol, port_range_min: port, port_range_max: port };
  const peers = from.flatMap((peer): readonly object[] =>
    typeof peer === "string"
      ? addressesOf(peer, plan).map((cidr) => ({ remote_ip_prefix: cidr }))
      : [{ remote_group_id: ids[peer.group] }],
  );
  return peers.map((peer) => ({ ...ports, ...peer }));
}

async function prepareNetworks(world: World, openstack: OpenStackClient, tell: Tell): Promise<PlatformNetworks> {
  const management = await createNetwork(openstack, "management", world.plan.management);
  const services = await createNetwork(openstack, "service-instances", world.plan.serviceInstances);
  const { router } = (await openstack.call("network", "POST", "/routers", { router: { name: "platform" } })) as {
    router: { id: string };
  };
  for (const { subnetId } of [management, services]) {
    await openstack.call("network", "PUT", `/routers/${router.id}/add_router_interface`, { subnet_id: subnetId });
  }
  const { networks } = (await openstack.call("network", "GET", "/networks?name=external")) as {
    networks: readonly { id: string }[];
  };
  await openstack.call("network", "PUT", `/routers/${router.id}`, {
    router: { external_gateway_info: { network_id: networks[0]?.id } },
  });
  const groups = await createGroups(world, openstack);
  tell(
    "operator",
    `creates networks management (${world.plan.management.cidr}) and service-instances (${world.plan.serviceInstances.cidr}), a router, security groups`,
  );
  return { management: management.networkId, serviceInstances: services.networkId, groups };
}

async function prepareCompute(openstack: OpenStackClient, tell: Tell): Promise<void> {
  await openstack.call("compute", "POST", "/os-keypairs", { keypair: { name: "bosh" } });
  tell("operator", "creates keypair bosh");
}

interface PlatformNetworks extends Networks {
  /** Ids of security groups, by name. */
  readonly groups: GroupIds;
}

interface Machine {
  readonly name: string;
  readonly address: string;
  readonly networkId: string;
  readonly imageId: string;
  /** Ids of its security groups. */
  readonly groups: readonly (string | undefined)[];
}

async function createMachine(
  openstack: OpenStackClient,
  machine: Machine,
): Promise<{ serverId: string; portId: string }> {
  const { port } = (await openstack.call("network", "POST", "/ports", {
    port: {
      network_id: machine.networkId,
      fixed_ips: [{ ip_address: machine.address }],
      security_groups: machine.groups,
    },
  })) as { port: { id: string } };
  const { flavors } = (await openstack.call("compute", "GET", "/flavors")) as {
    flavors: readonly { id: string; name: string }[];
  };
  const { server } = (await openstack.call("compute", "POST", "/servers", {
    server: {
      name: machine.name,
      imageRef: machine.imageId,
      flavorRef: flavors.find(({ name }) => name === "m1.small")?.id,
      key_name: "bosh",
      networks: [{ port: port.id }],
    },
  })) as { server: { id: string } };
  await openstack.waitForStatus("compute", `/servers/${server.id}`, "server", "ACTIVE");
  return { serverId: server.id, portId: port.id };
}

async function giveFloatingAddress(openstack: OpenStackClient, portId: string): Promise<string> {
  const { networks } = (await openstack.call("network", "GET", "/networks?name=external")) as {
    networks: readonly { id: string }[];
  };
  const { floatingip } = (await openstack.call("network", "POST", "/floatingips", {
    floatingip: { floating_network_id: networks[0]?.id, port_id: portId },
  })) as { floatingip: { floating_ip_address: string } };
  return floatingip.floating_ip_address;
}

async function uploadImage(openstack: OpenStackClient, name: string): Promise<string> {
  const image = (await openstack.call("image", "POST", "/images", {
    name,
    disk_format: "qcow2",
    container_format: "bare",
    visibility: "private",
  })) as {
    id: string;
  };
  await openstack.upload(image.id, Buffer.alloc(4096, name));
  await openstack.waitForStatus("image", `/images/${image.id}`, "", "active");
  return image.id;
}

async function createInceptionVm(
  world: World,
  openstack: OpenStackClient,
  networks: PlatformNetworks,
  tell: Tell,
): Promise<void> {
  const imageId = await uploadImage(openstack, "ubuntu-22.04");
  const address = `${world.plan.block}.0.5`;
  const { portId } = await createMachine(openstack, {
    name: "inception",
    address,
    networkId: networks.management,
    imageId,
    groups: [networks.groups.management],
  });
  const floating = await giveFloatingAddress(openstack, portId);
  tell("operator", `creates the inception VM (${address}, floating ${floating}) in OpenStack and logs in`);
}

async function createDirector(
  world: World,
  openstack: OpenStackClient,
  networks: PlatformNetworks,
  tell: Tell,
): Promise<void> {
  const address = world.directorAddress;
  const imageId = await uploadImage(openstack, `${STEMCELL.name}/${STEMCELL.version}`);
  const { serverId, portId } = await createMachine(openstack, {
    name: "bosh/0",
    address,
    networkId: networks.management,
    imageId,
    groups: [networks.groups.management, networks.groups.director],
  });
  const { volume } = (await openstack.call("volumev3", "POST", "/volumes", {
    volume: { name: "volume-director", size: 64 },
  })) as {
    volume: { id: string };
  };
  await openstack.waitForStatus("volumev3", `/volumes/${volume.id}`, "volume", "available");
  await openstack.call("compute", "POST", `/servers/${serverId}/os-volume_attachments`, {
    volumeAttachment: { volumeId: volume.id, device: "/dev/sdb" },
  });
  await openstack.waitForStatus("volumev3", `/volumes/${volume.id}`, "volume", "in-use");
  const floating = await giveFloatingAddress(openstack, portId);
  world.startDirector();
  tell("inception", `deploys the director (${address}, floating ${floating}) with its disk of 64 GB`);
}

async function fillDirector(
  world: World,
  environment: Environment,
  director: DirectorClient,
  networks: Networks,
  tell: Tell,
): Promise<void> {
  const info = await director.info();
  tell("operator", `targets director ${info.name} (${info.version})`);
  await director.uploadStemcell(
    await environment.track(stemcellTarball(STEMCELL.name, STEMCELL.version, STEMCELL.operatingSystem)),
  );
  tell("operator", `uploads stemcell ${STEMCELL.name}/${STEMCELL.version}, which lands as an image in Glance`);
  for (const release of RELEASES) await director.uploadRelease(await environment.track(releaseTarball(release)));
  tell("operator", `uploads ${RELEASES.length} releases: ${RELEASES.map(({ name }) => name).join(", ")}`);
  await director.updateCloudConfig(cloudConfig(world.plan, networks));
  tell("operator", "updates the cloud config");
}

async function deploy(director: DirectorClient, name: string, manifest: string, tell: Tell): Promise<void> {
  const { id } = await director.deploy(name, manifest);
  const vms = await director.vms(name);
  tell("director", `deploys ${name} (task ${id}, ${vms.length} VM${vms.length === 1 ? "" : "s"})`);
}
