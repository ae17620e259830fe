import { CATALOG, CATALOG_TYPES, type CatalogType, type Cloud, isSimulatedType } from "../../cloud.ts";
import { grant } from "./grants.ts";
import { idByName, nameKey } from "./names.ts";
import { hashSecret } from "./secrets.ts";
import { emptyState, type KeystoneState } from "./state.ts";

const ROLES = ["admin", "member", "reader", "service", "ResellerAdmin"] as const;
const IMMUTABLE_ROLES: readonly string[] = ["admin", "member", "reader"];

/** Which role implies which in a new cloud (docs/discoveries/openstack.md, "Authentication"). */
const IMPLIED = [
  ["admin", "member"],
  ["member", "reader"],
] as const;

/** The state of a new cloud, as `keystone-manage bootstrap` leaves it: domain `default`, roles, the administrator, the catalog. */
export function bootstrap(cloud: Cloud): KeystoneState {
  const state = emptyState();
  addDomain(state);
  addRoles(state, cloud);
  addAdministrator(state, cloud);
  state.regions.set(cloud.region, { id: cloud.region, name: cloud.region, description: "", parentId: null });
  for (const type of catalogTypesOf(cloud)) addService(state, cloud, type);
  return state;
}

/** Services that answer are in the catalog; that of the recorded rig also names two that do not. */
const catalogTypesOf = ({ profile }: Cloud): readonly CatalogType[] =>
  profile === "rig" ? CATALOG_TYPES : CATALOG_TYPES.filter(isSimulatedType);

const newId = (cloud: Cloud): string => cloud.hex("keystone");
const roleNamed = (state: KeystoneState, name: string): string => idByName(state, "role", "", name) ?? "";

function addDomain(state: KeystoneState): void {
  const description = "The default domain";
  state.domains.set("default", { id: "default", name: "Default", description, enabled: true, tags: [] });
  state.names.set(nameKey("domain", "", "Default"), "default");
}

function addRoles(state: KeystoneState, cloud: Cloud): void {
  for (const name of ROLES) {
    const id = newId(cloud);
    state.roles.set(id, { id, name, domainId: null, description: null, isImmutable: IMMUTABLE_ROLES.includes(name) });
    state.names.set(nameKey("role", "", name), id);
  }
  for (const [prior, implied] of IMPLIED) state.implied.set(roleNamed(state, prior), [roleNamed(state, implied)]);
}

function addAdministrator(state: KeystoneState, cloud: Cloud): void {
  const { user, password, project } = cloud.admin;
  const home = { domainId: "default", enabled: true };
  const projectId = newId(cloud);
  const description = "Bootstrap project for initializing the cloud.";
  const shape = { parentId: "default", description, tags: [], isImmutable: false };
  state.projects.set(projectId, { ...home, ...shape, id: projectId, name: project });
  state.names.set(nameKey("project", "default", project), projectId);
  const userId = newId(cloud);
  const passwordHash = hashSecret(userId, password);
  state.users.set(userId, { ...home, id: userId, name: user, passwordHash, defaultProjectId: undefined });
  state.names.set(nameKey("user", "default", user), userId);
  grant(state, `user:${userId}`, `project:${projectId}`, roleNamed(state, "admin"));
  grant(state, `user:${userId}`, "system:all", roleNamed(state, "admin"));
}

function addService(state: KeystoneState, cloud: Cloud, type: CatalogType): void {
  const name = type === "volumev3" ? "cinderv3" : CATALOG[type].name;
  const service = { id: newId(cloud), name, type, description: undefined, enabled: true };
  state.services.set(service.id, service);
  for (const side of ["admin", "internal", "public"]) {
    const endpoint = { id: newId(cloud), name: "", serviceId: service.id, interface: side };
    state.endpoints.set(endpoint.id, { ...endpoint, regionId: cloud.region, url: null, enabled: true });
  }
}
