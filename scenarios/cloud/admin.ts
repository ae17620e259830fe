import type { World } from "../../simulators/world.ts";
import { openStackClient } from "../clients/openstack.ts";

/** Gives the administrator the platform's project too, so that a list of servers shows the platform's. */
export async function letAdminIn(world: World): Promise<void> {
  const admin = await openStackClient(world.environmentAt(world.plan.applications), world.credentials.openstackAdmin);
  const find = async (kind: string, name: string): Promise<string> => {
    const found = (await admin.call("identity", "GET", `/${kind}?name=${name}`)) as Record<string, { id: string }[]>;
    return found[kind]?.[0]?.id ?? "";
  };
  const [project, user, role] = [
    await find("projects", world.credentials.cpi.project),
    await find("users", world.credentials.openstackAdmin.username),
    await find("roles", "admin"),
  ];
  await admin.call("identity", "PUT", `/projects/${project}/users/${user}/roles/${role}`);
}
