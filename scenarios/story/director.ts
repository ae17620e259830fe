import type { World } from "../../simulators/world.ts";
import type { DirectorClient } from "../clients/director.ts";
import type { OpenStackClient } from "../clients/openstack.ts";
import { releaseTarball, stemcellTarball } from "../deployments/artifacts.ts";
import { cloudConfig, type Networks } from "../deployments/cloud-config.ts";
import { type PlatformDeployment, STEMCELL } from "../deployments/manifests.ts";
import { RELEASES } from "../deployments/releases.ts";
import { createMachine, giveFloatingAddress, uploadImage } from "./machines.ts";
import type { PlatformNetworks } from "./networks.ts";
import type { Narrate } from "./story.ts";

const DISK_GB = 64;

async function attachDisk(openstack: OpenStackClient, serverId: string): Promise<void> {
  const volumeId = await openstack.create("volumev3", "/volumes", "volume", { name: "volume-director", size: DISK_GB });
  await openstack.waitForStatus("volumev3", `/volumes/${volumeId}`, "volume", "available");
  await openstack.call("compute", "POST", `/servers/${serverId}/os-volume_attachments`, {
    volumeAttachment: { volumeId, device: "/dev/sdb" },
  });
  await openstack.waitForStatus("volumev3", `/volumes/${volumeId}`, "volume", "in-use");
}

/** The inception VM deploys the director, which answers from then on. */
export async function createDirectorMachine(
  world: World,
  openstack: OpenStackClient,
  networks: PlatformNetworks,
  narrate: Narrate,
): Promise<void> {
  const address = world.directorAddress;
  const imageId = await uploadImage(openstack, `${STEMCELL.name}/${STEMCELL.version}`);
  const groups = [networks.groups.management, networks.groups.director];
  const machine = { name: "bosh/0", address, networkId: networks.management, imageId, groups };
  const { serverId, portId } = await createMachine(openstack, machine);
  await attachDisk(openstack, serverId);
  const floating = await giveFloatingAddress(openstack, portId);
  world.startDirector();
  narrate("inception", `deploys the director (${address}, floating ${floating}) with its disk of ${DISK_GB} GB`);
}

/** The operator uploads to the director what deployments need: a stemcell, releases, the cloud config. */
export async function fillDirector(
  world: World,
  director: DirectorClient,
  networks: Networks,
  narrate: Narrate,
): Promise<void> {
  const environment = world.environmentAt(world.plan.applications);
  const info = await director.info();
  narrate("operator", `targets director ${info.name} (${info.version})`);
  const { name, version, operatingSystem } = STEMCELL;
  await director.uploadStemcell(await environment.track(stemcellTarball(name, version, operatingSystem)));
  narrate("operator", `uploads stemcell ${name}/${version}, which lands as an image in Glance`);
  for (const release of RELEASES) await director.uploadRelease(await environment.track(releaseTarball(release)));
  narrate("operator", `uploads ${RELEASES.length} releases: ${RELEASES.map((release) => release.name).join(", ")}`);
  await director.updateCloudConfig(cloudConfig(world.plan, networks));
  narrate("operator", "updates the cloud config");
}

/** The director makes a deployment. */
export async function deploy(
  director: DirectorClient,
  { name, manifest }: PlatformDeployment,
  narrate: Narrate,
): Promise<void> {
  const { id } = await director.deploy(name, manifest);
  const vms = await director.vms(name);
  narrate("director", `deploys ${name} (task ${id}, ${vms.length} VM${vms.length === 1 ? "" : "s"})`);
}
