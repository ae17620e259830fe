import type { AddressPlan } from "../../simulators/addresses.ts";
import type { World } from "../../simulators/world.ts";
import type { OpenStackClient } from "../clients/openstack.ts";
import { SIZES } from "../deployments/cloud-config.ts";
import { createNetwork } from "./networks.ts";
import type { Narrate } from "./story.ts";

/** A quota without a limit. */
const UNLIMITED = -1;

async function createMember(
  admin: OpenStackClient,
  projectId: string,
  { username, password }: World["credentials"]["cpi"],
): Promise<void> {
  const user = { name: username, password, default_project_id: projectId };
  const userId = await admin.create("identity", "/users", "user", user);
  const roles = await admin.list("identity", "/roles", "roles");
  for (const role of roles.filter(({ name }) => name === "member"))
    await admin.call("identity", "PUT", `/projects/${projectId}/users/${userId}/roles/${role.id}`);
}

async function liftQuotas(admin: OpenStackClient, projectId: string): Promise<void> {
  await admin.call("compute", "PUT", `/os-quota-sets/${projectId}`, {
    quota_set: { instances: UNLIMITED, cores: UNLIMITED, ram: UNLIMITED },
  });
  await admin.call("volumev3", "PUT", `/os-quota-sets/${projectId}`, {
    quota_set: { volumes: UNLIMITED, gigabytes: UNLIMITED, snapshots: UNLIMITED },
  });
  const quota = { port: UNLIMITED, security_group: UNLIMITED, security_group_rule: UNLIMITED, floatingip: UNLIMITED };
  await admin.call("network", "PUT", `/quotas/${projectId}`, { quota });
}

async function createFlavors(admin: OpenStackClient): Promise<void> {
  for (const { name, memoryMb, cpus, ephemeralGb } of SIZES) {
    await admin.call("compute", "POST", "/flavors", {
      flavor: { name: `m1.${name}`, ram: memoryMb, vcpus: cpus, disk: 5, "OS-FLV-EXT-DATA:ephemeral": ephemeralGb },
    });
  }
}

/** The operator of the cloud prepares it for the platform: a project with a user, quotas, flavors, and the external network. */
export async function createProject(
  admin: OpenStackClient,
  cpi: World["credentials"]["cpi"],
  plan: AddressPlan,
  narrate: Narrate,
): Promise<void> {
  const projectId = await admin.create("identity", "/projects", "project", { name: cpi.project });
  await createMember(admin, projectId, cpi);
  await liftQuotas(admin, projectId);
  await createFlavors(admin);
  await createNetwork(admin, "external", plan.floating, { "router:external": true });
  narrate("operator", `creates project ${cpi.project} with its quotas, flavors and the external network`);
}
