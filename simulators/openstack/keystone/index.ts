import type { HttpRequest, Service } from "../../kernel/index.ts";
import type { Cloud, IdentityOps } from "../cloud.ts";
import { openStackService, type OpenStackRoute } from "../service.ts";
import { withoutSlashes } from "../url.ts";
import { type Keystone, Tokens } from "./behaviour/tokens.ts";
import { FAULT_POINTS } from "./faults.ts";
import { accessRuleRoutes } from "./routes/access-rules.ts";
import { applicationCredentialRoutes } from "./routes/application-credentials.ts";
import { authScopeRoutes } from "./routes/auth-scopes.ts";
import { credentialRoutes } from "./routes/credentials.ts";
import { domainRoutes } from "./routes/domains.ts";
import { ec2CredentialRoutes } from "./routes/ec2-credentials.ts";
import { endpointFilterRoutes } from "./routes/endpoint-filter.ts";
import { endpointGroupRoutes, groupedEndpointRoutes } from "./routes/endpoint-groups.ts";
import { endpointRoutes } from "./routes/endpoints.ts";
import { grantRoutes } from "./routes/grants.ts";
import { groupMemberRoutes } from "./routes/group-members.ts";
import { groupRoutes } from "./routes/groups.ts";
import { limitRoutes } from "./routes/limits.ts";
import { NOT_SIMULATED_ROUTES } from "./routes/not-simulated.ts";
import { policyRoutes } from "./routes/policies.ts";
import { projectTagRoutes } from "./routes/project-tags.ts";
import { projectRoutes } from "./routes/projects.ts";
import { namedRegionRoutes, regionRoutes } from "./routes/regions.ts";
import { roleAssignmentRoutes } from "./routes/role-assignments.ts";
import { roleInferenceRoutes } from "./routes/role-inferences.ts";
import { roleRoutes } from "./routes/roles.ts";
import { serviceRoutes } from "./routes/services.ts";
import { tokenRoutes } from "./routes/tokens.ts";
import { trustRoutes } from "./routes/trusts.ts";
import { userPasswordRoutes } from "./routes/user-passwords.ts";
import { userRoutes } from "./routes/users.ts";
import { VERSION_ROUTES } from "./routes/versions.ts";
import { bootstrap } from "./state/bootstrap.ts";
import { withHeads } from "./wire/heads.ts";
import { keystoneWire } from "./wire/wire.ts";

/** Keystone of one cloud. */
interface KeystoneService {
  readonly service: Service;
  /** Its operations for the other services. */
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
  ...projectRoutes(keystone),
  ...projectTagRoutes(keystone),
  ...userRoutes(keystone),
  ...userPasswordRoutes(keystone),
  ...domainRoutes(keystone),
  ...roleRoutes(keystone),
  ...grantRoutes(keystone),
  ...roleAssignmentRoutes(keystone),
  ...roleInferenceRoutes(keystone),
  ...groupRoutes(keystone),
  ...groupMemberRoutes(keystone),
  ...serviceRoutes(keystone),
  ...endpointRoutes(keystone),
  ...regionRoutes(keystone),
  ...namedRegionRoutes(keystone),
  ...credentialRoutes(keystone),
  ...ec2CredentialRoutes(keystone),
  ...applicationCredentialRoutes(keystone),
  ...policyRoutes(keystone),
  ...trustRoutes(keystone),
  ...limitRoutes(keystone),
  ...accessRuleRoutes(keystone),
  ...endpointGroupRoutes(keystone),
  ...endpointFilterRoutes(keystone),
  ...groupedEndpointRoutes(keystone),
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
