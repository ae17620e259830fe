import type { World } from "../../simulators/world.ts";
import { type DirectorClient, directorClient } from "../clients/director.ts";
import { type OpenStackClient, openStackClient } from "../clients/openstack.ts";
import { controlPlane, MANAGEMENT_SERVICES, SERVICES, type ServiceName } from "../deployments/manifests.ts";
import { createDirectorMachine, deploy, fillDirector } from "./director.ts";
import { createInceptionMachine, createKeypair } from "./machines.ts";
import { createNetworks } from "./networks.ts";
import { createProject } from "./project.ts";
import type { Narrate, StoryLine } from "./story.ts";

/** How the story is played. */
export interface InceptionOptions {
  /** Called when a step is done. */
  readonly tell?: (line: StoryLine) => void;
  /** Services whose control planes are deployed. Default: all of them. */
  readonly services?: readonly ServiceName[];
}

/** The results of the story for those who continue it. */
export interface Inception {
  readonly director: DirectorClient;
  /** Works in the platform's project. */
  readonly openstack: OpenStackClient;
}

/**
 * Plays the story of the platform, from an empty cloud to brokers that answer: an inception VM; from it the director, with its stemcell and
 * releases; the management services; one control plane per service. Each step goes through the API that a person would use.
 *
 * @throws ScenarioError if a step is refused or does not end
 */
export async function inception(world: World, options: InceptionOptions = {}): Promise<Inception> {
  const environment = world.environmentAt(world.plan.applications);
  const narrate: Narrate = (who, text) => options.tell?.({ atMs: environment.nowMs(), who, text });
  const { openstackAdmin, cpi } = world.credentials;

  const admin = await openStackClient(environment, openstackAdmin);
  await createProject(admin, cpi, world.plan, narrate);
  const openstack = await openStackClient(environment, { ...cpi, authUrl: openstackAdmin.authUrl });
  const networks = await createNetworks(openstack, world.plan, narrate);
  await createKeypair(openstack, narrate);
  await createInceptionMachine(openstack, world.plan, networks, narrate);
  await createDirectorMachine(world, openstack, networks, narrate);

  const director = directorClient(environment, world.credentials.director);
  await fillDirector(world, director, networks, narrate);
  for (const deployment of MANAGEMENT_SERVICES) await deploy(director, deployment, narrate);
  for (const service of options.services ?? SERVICES) await deploy(director, controlPlane(service), narrate);
  return { director, openstack };
}
