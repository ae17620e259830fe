import type { HttpRequest, Service } from "../../kernel/index.ts";
import type { Cloud, IdentityOps } from "../cloud.ts";
import { openStackService, type OpenStackRoute } from "../service.ts";
import { withoutSlashes } from "../url.ts";
import { type Keystone, Tokens } from "./behaviour/tokens.ts";
import { FAULT_POINTS } from "./faults.ts";
import { accessRuleRoutes } from "./routes/access-rules.ts";
import { applicationCredentialRoutes } from "./routes/application-credentials.ts";
import { authScopeRoutes } from "./routes/auth-scopes.ts";
import { CREDENTIALS } from "./routes/credentials.ts";
import { DOMAINS } from "./routes/domains.ts";
import { ec2CredentialRoutes } from "./routes/ec2-credentials.ts";
import { endpointFilterRoutes } from "./routes/endpoint-filter.ts";
import { ENDPOINT_GROUPS, endpointGroupRoutes } from "./routes/endpoint-groups.ts";
import { ENDPOINTS } from "./routes/endpoints.ts";
import { grantRoutes } from "./routes/grants.ts";
import { groupMemberRoutes } from "./routes/group-members.ts";
import { GROUPS } from "./routes/groups.ts";
import { limitRoutes } from "./routes/limits.ts";
import { NOT_SIMULATED_ROUTES } from "./routes/not-simulated.ts";
import { POLICIES } from "./routes/policies.ts";
import { projectTagRoutes } from "./routes/project-tags.ts";
import { PROJECTS } from "./routes/projects.ts";
import { namedRegionRoutes, REGIONS } from "./routes/regions.ts";
import { resourceRoutes } from "./routes/resource.ts";
import { roleAssignmentRoutes } from "./routes/role-assignments.ts";
import { roleInferenceRoutes } from "./routes/role-inferences.ts";
import { ROLES } from "./routes/roles.ts";
import { SERVICES } from "./routes/services.ts";
import { tokenRoutes } from "./routes/tokens.ts";
import { trustRoutes } from "./routes/trusts.ts";
import { userPasswordRoutes } from "./routes/user-passwords.ts";
import { USERS } from "./routes/users.ts";
import { VERSION_ROUTES } from "./routes/versions.ts";
import { bootstrap } from "./state/bootstrap.ts";
import { withHeads } from "./wire/heads.ts";
import { keystoneWire } from "./wire/wire.ts";

/** Keystone of one cloud. */
interface KeystoneService {
  readonly service: Service;
  /** What it does for the other services. */
  readonly ops: IdentityOps;
}

/** Keystone v3: tokens, projects, users, roles, catalog. */
export function createKeystone(cloud: Cloud): KeystoneService {
  const slot = cloud.kernel.slot("openstack/keystone", bootstrap(cloud));
  const tokens = new Tokens(cloud, slot);
  const keystone: Keystone = {
    cloud,
    tokens,
    get state() {
      return slot.value;
    },
  };
  for (const point of FAULT_POINTS) cloud.kernel.faults.define(point);
  const service = openStackService(cloud, "keystone", keystoneWire(tokens), withHeads(routesOf(keystone)));
  return { service: ignoreTrailingSlashes(service), ops: operations(keystone) };
}

const routesOf = (keystone: Keystone): readonly OpenStackRoute[] => [
  ...VERSION_ROUTES,
  ...tokenRoutes(keystone),
  ...authScopeRoutes(keystone),
  ...resourceRoutes(keystone, PROJECTS),
  ...projectTagRoutes(keystone),
  ...resourceRoutes(keystone, USERS),
  ...userPasswordRoutes(keystone),
  ...resourceRoutes(keystone, DOMAINS),
  ...resourceRoutes(keystone, ROLES),
  ...grantRoutes(keystone),
  ...roleAssignmentRoutes(keystone),
  ...roleInferenceRoutes(keystone),
  ...resourceRoutes(keystone, GROUPS),
  ...groupMemberRoutes(keystone),
  ...resourceRoutes(keystone, SERVICES),
  ...resourceRoutes(keystone, ENDPOINTS),
  ...resourceRoutes(keystone, REGIONS),
  ...namedRegionRoutes(keystone),
  ...resourceRoutes(keystone, CREDENTIALS),
  ...ec2CredentialRoutes(keystone),
  ...applicationCredentialRoutes(keystone),
  ...resourceRoutes(keystone, POLICIES),
  ...trustRoutes(keystone),
  ...limitRoutes(keystone),
  ...accessRuleRoutes(keystone),
  ...resourceRoutes(keystone, ENDPOINT_GROUPS),
  ...endpointGroupRoutes(keystone),
  ...endpointFilterRoutes(keystone),
  ...NOT_SIMULATED_ROUTES,
];

const operations = (keystone: Keystone): IdentityOps => ({
  actor: (token) => keystone.tokens.actor(token),
  project: (id) => {
    const project = keystone.state.projects.get(id);
    return project && { id, name: project.name, enabled: project.enabled };
  },
});

/** Leading slashes count as one; trailing slashes are ignored. */
function withoutTrailingSlash(request: HttpRequest): HttpRequest {
  const path = request.path.replace(/^\/+/, "/");
  return path.length > 1 && path.endsWith("/") ? { ...request, path: withoutSlashes(path) } : { ...request, path };
}

/** Keystone ignores a slash at the end of a path. */
const ignoreTrailingSlashes = (service: Service): Service => ({
  ...service,
  call: (request) => service.call(withoutTrailingSlash(request)),
  receive: (request) => service.receive(withoutTrailingSlash(request)),
  unread: (request, why) => service.unread(withoutTrailingSlash(request), why),
  crashed: (request, error) => service.crashed(withoutTrailingSlash(request), error),
});
