import { Refusal, refuseWith } from "../refusal.ts";
import type { Context } from "../service.ts";
import { hashOf } from "./auth.ts";
import { endpointUrl } from "./catalog.ts";
import { badRequest, conflict, expecting, forbiddenAction, notFound } from "./errors.ts";
import {
  type Blob,
  type Domain,
  type Endpoint,
  type Entity,
  forgetGrants,
  type Group,
  type KeystoneState,
  nameKey,
  type Project,
  type Region,
  type Role,
  type ServiceEntry,
  type User,
} from "./state.ts";
import type { Tokens } from "./tokens.ts";

type Attributes = Readonly<Record<string, unknown>>;

/** What there is to know of one kind of entity; `entities.ts` makes its five routes from it. */
export interface Kind<E extends Entity> {
  readonly collection: string;
  readonly member: string;
  /** Noun of the policy and of "Could not find …"; default `member`. */
  readonly noun?: string;
  /** A PATCH or DELETE (and GET, unless `readable` says no) of what is not there is 404 before it is 403. */
  readonly existsFirst?: boolean;
  /** An absent root member in a POST is None, not {}. */
  readonly bodyRequired?: boolean;
  map(state: KeystoneState): Map<string, E>;
  view(entity: E, context: Context, state: KeystoneState): Record<string, unknown>;
  create(at: At, attributes: Attributes): E;
  update(at: At, entity: E, attributes: Attributes): void;
  remove?(at: At, entity: E): void;
  /** Which ones a caller without the admin role may GET; `undefined`: like any refusal. Default none. */
  readable?(context: Context, id: string): boolean;
  /** The ones that a caller without the admin role gets listed; default: listing is refused. */
  visible?(context: Context, entity: E): boolean;
  /** Members that a PATCH's answer has besides. */
  readonly afterUpdate?: Record<string, unknown>;
}

export interface At {
  readonly state: KeystoneState;
  readonly context: Context;
  readonly tokens: Tokens;
}

const text = (value: unknown, fallback = ""): string => (typeof value === "string" ? value : fallback);
const flag = (value: unknown, fallback: boolean): boolean => (typeof value === "boolean" ? value : fallback);
const newId = ({ context }: At): string => context.cloud.hex("keystone");

/** Attributes that are not known ones; the API shows them again. */
function extras(attributes: Attributes, known: readonly string[]): Record<string, unknown> | undefined {
  const rest = Object.entries(attributes).filter(([name]) => !known.includes(name) && name !== "links");
  return rest.length === 0 ? undefined : Object.fromEntries(rest);
}

/** Sets `extra` where there is something to keep. */
function withExtras<E extends Entity>(entity: E, attributes: Attributes, known: readonly string[]): E {
  const extra = extras(attributes, known);
  if (extra !== undefined) entity.extra = { ...entity.extra, ...extra };
  return entity;
}

/** Takes a name in a domain for an entity, letting go of its old one. @throws Refusal 409 */
function rename(
  state: KeystoneState,
  kind: string,
  domainId: string,
  entity: Entity,
  name: string,
  taken: () => Refusal,
) {
  const key = nameKey(kind, domainId, name);
  const holder = state.names.get(key);
  if (holder !== undefined && holder !== entity.id) throw taken();
  if (entity.name !== "") state.names.delete(nameKey(kind, domainId, entity.name));
  state.names.set(key, entity.id);
  entity.name = name;
}

const noDomain = (id: string): Refusal => badRequest(`Could not find domain: ${id}.`);

/** @throws Refusal `missing` */
function checkedDomain(
  state: KeystoneState,
  context: Context,
  attributes: Attributes,
  missing: (id: string) => Refusal = (id) => notFound("domain", id),
): string {
  const id = attributes.domain_id ?? (context.actor.domainId || context.actor.projectDomainId || "default");
  if (typeof id !== "string" || !state.domains.has(id)) throw missing(text(id));
  return id;
}

function keepDomain(entity: { readonly domainId: string }, attributes: Attributes): void {
  if (attributes.domain_id !== undefined && attributes.domain_id !== entity.domainId)
    throw badRequest("Cannot change Domain ID");
}

const isImmutable = (attributes: Attributes): boolean | undefined => {
  const options = attributes.options;
  if (typeof options !== "object" || options === null || !("immutable" in options)) return undefined;
  return options.immutable === true;
};

function refuseImmutable(entity: { readonly id: string; readonly isImmutable: boolean }, verb: string, type: string) {
  if (!entity.isImmutable) return;
  const what = `Unable to ${verb} immutable ${type} resource: \`${entity.id}.`;
  throw new Refusal(403, "", `${what} Set resource option "immutable" to false first.`);
}

const optionsView = (immutable: boolean): object => (immutable ? { immutable: true } : {});

const PROJECT = ["name", "domain_id", "parent_id", "description", "enabled", "is_domain", "tags", "options", "id"];

export const projectView = (project: Project): Record<string, unknown> => ({
  id: project.id,
  name: project.name,
  domain_id: project.domainId,
  description: project.description,
  enabled: project.enabled,
  parent_id: project.parentId,
  is_domain: false,
  tags: project.tags,
  ...project.extra,
  options: optionsView(project.isImmutable),
});

/** Keystone of Zed breaks down where a project takes the name of another. */
const brokenDown = (): Refusal =>
  refuseWith({
    status: 500,
    headers: { "Content-Type": "text/plain" },
    body: "A server error occurred.  Please contact the administrator.",
  });

const projectTaken = (name: string, id: string): Refusal =>
  conflict(
    "project",
    `it is not permitted to have two projects with either the same name or same id in the same domain: name is ${name}, project id ${id}`,
  );

export const PROJECTS: Kind<Project> = {
  collection: "projects",
  member: "project",
  afterUpdate: { extra: {} },
  map: (state) => state.projects,
  view: projectView,
  create: (at, attributes) => {
    const { state, context } = at;
    if (attributes.is_domain === true) throw new Refusal(501, "", "Projects that act as domains are not simulated.");
    const parent = attributes.parent_id;
    if (typeof parent === "string" && !state.projects.has(parent) && !state.domains.has(parent))
      throw badRequest(`Could not find project: ${parent}.`);
    const domainId =
      attributes.domain_id === undefined && typeof parent === "string"
        ? (state.projects.get(parent)?.domainId ?? parent)
        : checkedDomain(state, context, attributes, noDomain);
    const project: Project = {
      id: newId(at),
      name: "",
      domainId,
      parentId: text(parent, domainId),
      description: text(attributes.description),
      enabled: flag(attributes.enabled, true),
      tags: [...((attributes.tags as string[] | undefined) ?? [])],
      isImmutable: isImmutable(attributes) ?? false,
    };
    const name = text(attributes.name);
    rename(state, "project", domainId, project, name, () => projectTaken(name, project.id));
    return withExtras(project, attributes, PROJECT);
  },
  update: ({ state }, project, attributes) => {
    keepDomain(project, attributes);
    const immutable = isImmutable(attributes);
    if (immutable !== false) refuseImmutable(project, "update", "project");
    const { name } = attributes;
    if (typeof name === "string") rename(state, "project", project.domainId, project, name, brokenDown);
    if (attributes.description !== undefined) project.description = text(attributes.description);
    if (attributes.tags !== undefined) project.tags = [...(attributes.tags as string[])];
    project.isImmutable = immutable ?? project.isImmutable;
    project.enabled = flag(attributes.enabled, project.enabled);
    state.generation++;
    withExtras(project, attributes, PROJECT);
  },
  remove: ({ state }, project) => {
    refuseImmutable(project, "delete", "project");
    state.names.delete(nameKey("project", project.domainId, project.name));
    forgetGrants(state, `project:${project.id}`);
    for (const trust of state.trusts.values()) if (trust.projectId === project.id) state.trusts.delete(trust.id);
    for (const credential of state.appCredentials.values())
      if (credential.projectId === project.id) removeAppCredential(state, credential.id);
  },
  readable: ({ actor }, id) => actor.projectId === id,
};

export function removeAppCredential(state: KeystoneState, id: string): void {
  const credential = state.appCredentials.get(id);
  if (credential === undefined) return;
  state.appCredentials.delete(id);
  state.names.delete(nameKey("appcred", credential.userId, credential.name));
  state.generation++;
}

const USER = ["name", "domain_id", "enabled", "password", "default_project_id", "options", "id", "federated"];

export const userView = (user: User): Record<string, unknown> => ({
  ...(user.defaultProjectId !== undefined && { default_project_id: user.defaultProjectId }),
  ...user.extra,
  id: user.id,
  name: user.name,
  domain_id: user.domainId,
  enabled: user.enabled,
  password_expires_at: null,
  options: {},
});

const duplicateInDomain = (kind: string, name: string, domainId: string): Refusal =>
  conflict(kind, `Duplicate entry found with name ${name} at domain ID ${domainId}`);

export const USERS: Kind<User> = {
  collection: "users",
  member: "user",
  map: (state) => state.users,
  view: userView,
  create: (at, attributes) => {
    const { state, context } = at;
    const domainId = checkedDomain(state, context, attributes);
    const id = newId(at);
    const user: User = {
      id,
      name: "",
      domainId,
      enabled: flag(attributes.enabled, true),
      passwordHash: typeof attributes.password === "string" ? hashOf(id, attributes.password) : undefined,
      defaultProjectId: typeof attributes.default_project_id === "string" ? attributes.default_project_id : undefined,
    };
    const name = text(attributes.name);
    rename(state, "user", domainId, user, name, () => duplicateInDomain("user", name, domainId));
    return withExtras(user, attributes, USER);
  },
  update: ({ state, tokens }, user, attributes) => {
    keepDomain(user, attributes);
    const { name, password } = attributes;
    if (typeof name === "string")
      rename(state, "user", user.domainId, user, name, () => duplicateInDomain("user", name, user.domainId));
    if (typeof password === "string") {
      user.passwordHash = hashOf(user.id, password);
      tokens.revokeUser(user.id);
    }
    if (attributes.default_project_id !== undefined)
      user.defaultProjectId = text(attributes.default_project_id) || undefined;
    user.enabled = flag(attributes.enabled, user.enabled);
    if (!user.enabled) tokens.revokeUser(user.id);
    state.generation++;
    withExtras(user, attributes, USER);
  },
  remove: ({ state }, user) => {
    state.names.delete(nameKey("user", user.domainId, user.name));
    forgetGrants(state, `user:${user.id}`);
    for (const group of state.groups.values()) group.members.delete(user.id);
    for (const trust of state.trusts.values())
      if (trust.trustorId === user.id || trust.trusteeId === user.id) state.trusts.delete(trust.id);
    for (const credential of state.appCredentials.values())
      if (credential.userId === user.id) removeAppCredential(state, credential.id);
    for (const credential of state.credentials.values())
      if (credential.userId === user.id) state.credentials.delete(credential.id);
  },
  readable: ({ actor }, id) => actor.userId === id,
};

const DOMAIN = ["name", "description", "enabled", "tags", "options", "id"];

export const domainView = (domain: Domain): Record<string, unknown> => ({
  id: domain.id,
  name: domain.name,
  description: domain.description,
  enabled: domain.enabled,
  tags: domain.tags,
  ...domain.extra,
  options: {},
});

const domainTaken = (name: string): Refusal =>
  conflict("project", `it is not permitted to have two projects acting as domains with the same name: ${name}`);

export const DOMAINS: Kind<Domain> = {
  collection: "domains",
  member: "domain",
  existsFirst: true,
  map: (state) => state.domains,
  view: domainView,
  create: (at, attributes) => {
    const name = text(attributes.name);
    const domain: Domain = {
      id: newId(at),
      name: "",
      description: text(attributes.description),
      enabled: flag(attributes.enabled, true),
      tags: [...((attributes.tags as string[] | undefined) ?? [])],
    };
    rename(at.state, "domain", "", domain, name, () => domainTaken(name));
    return withExtras(domain, attributes, DOMAIN);
  },
  update: ({ state }, domain, attributes) => {
    const { name } = attributes;
    if (typeof name === "string") rename(state, "domain", "", domain, name, () => domainTaken(name));
    if (attributes.description !== undefined) domain.description = text(attributes.description);
    if (attributes.tags !== undefined) domain.tags = [...(attributes.tags as string[])];
    domain.enabled = flag(attributes.enabled, domain.enabled);
    state.generation++;
    withExtras(domain, attributes, DOMAIN);
  },
  remove: (at, domain) => {
    const { state } = at;
    if (domain.enabled) throw new Refusal(403, "", "Cannot delete a domain that is enabled, please disable it first.");
    state.names.delete(nameKey("domain", "", domain.name));
    forgetGrants(state, `domain:${domain.id}`);
    for (const kind of [PROJECTS, USERS, GROUPS] as readonly Kind<Project | User | Group>[]) {
      const map = kind.map(state);
      for (const entity of [...map.values()].filter(({ domainId }) => domainId === domain.id)) {
        kind.remove?.(at, entity);
        map.delete(entity.id);
      }
    }
  },
  readable: ({ actor }, id) => actor.projectDomainId === id || actor.domainId === id,
};

const ROLE = ["name", "description", "domain_id", "options", "id"];

export const roleView = (role: Role): Record<string, unknown> => ({
  id: role.id,
  name: role.name,
  domain_id: role.domainId,
  description: role.description,
  ...role.extra,
  options: optionsView(role.isImmutable),
});

export const ROLES: Kind<Role> = {
  collection: "roles",
  member: "role",
  existsFirst: true,
  map: (state) => state.roles,
  view: roleView,
  create: (at, attributes) => {
    const name = text(attributes.name);
    const role: Role = {
      id: newId(at),
      name: "",
      domainId: typeof attributes.domain_id === "string" ? attributes.domain_id : null,
      description: typeof attributes.description === "string" ? attributes.description : null,
      isImmutable: isImmutable(attributes) ?? false,
    };
    rename(at.state, "role", role.domainId ?? "", role, name, () =>
      conflict("role", `Duplicate entry found with name ${name}`),
    );
    return withExtras(role, attributes, ROLE);
  },
  update: ({ state }, role, attributes) => {
    const immutable = isImmutable(attributes);
    if (immutable !== false) refuseImmutable(role, "update", "role");
    const { name } = attributes;
    if (typeof name === "string")
      rename(state, "role", role.domainId ?? "", role, name, () =>
        conflict("role", `Duplicate entry found with name ${name}`),
      );
    if (typeof attributes.description === "string") role.description = attributes.description;
    role.isImmutable = immutable ?? role.isImmutable;
    state.generation++;
    withExtras(role, attributes, ROLE);
  },
  remove: ({ state }, role) => {
    refuseImmutable(role, "delete", "role");
    state.names.delete(nameKey("role", role.domainId ?? "", role.name));
    state.implied.delete(role.id);
    for (const [prior, implied] of state.implied)
      state.implied.set(
        prior,
        implied.filter((id) => id !== role.id),
      );
    for (const byTarget of state.grants.values())
      for (const [what, roles] of byTarget)
        byTarget.set(
          what,
          roles.filter((id) => id !== role.id),
        );
    state.generation++;
  },
};

const GROUP = ["name", "domain_id", "description", "id"];

export const groupView = (group: Group): Record<string, unknown> => ({
  id: group.id,
  name: group.name,
  domain_id: group.domainId,
  description: group.description,
  ...group.extra,
});

export const GROUPS: Kind<Group> = {
  collection: "groups",
  member: "group",
  map: (state) => state.groups,
  view: groupView,
  create: (at, attributes) => {
    const domainId = checkedDomain(at.state, at.context, attributes);
    const description = text(attributes.description);
    const group: Group = { id: newId(at), name: "", domainId, description, members: new Set() };
    const name = text(attributes.name);
    rename(at.state, "group", domainId, group, name, () => duplicateInDomain("group", name, domainId));
    return withExtras(group, attributes, GROUP);
  },
  update: ({ state }, group, attributes) => {
    keepDomain(group, attributes);
    const { name } = attributes;
    if (typeof name === "string")
      rename(state, "group", group.domainId, group, name, () => duplicateInDomain("group", name, group.domainId));
    if (attributes.description !== undefined) group.description = text(attributes.description);
    withExtras(group, attributes, GROUP);
  },
  remove: ({ state }, group) => {
    state.names.delete(nameKey("group", group.domainId, group.name));
    forgetGrants(state, `group:${group.id}`);
  },
};

const SERVICE = ["name", "type", "description", "enabled", "id"];

export const SERVICES: Kind<ServiceEntry> = {
  collection: "services",
  member: "service",
  bodyRequired: true,
  map: (state) => state.services,
  view: (service) => ({
    name: service.name,
    ...(service.description !== undefined && { description: service.description }),
    ...service.extra,
    id: service.id,
    type: service.type,
    enabled: service.enabled,
  }),
  create: (at, attributes) =>
    withExtras<ServiceEntry>(
      {
        id: newId(at),
        name: text(attributes.name),
        type: text(attributes.type),
        description: typeof attributes.description === "string" ? attributes.description : undefined,
        enabled: flag(attributes.enabled, true),
      },
      attributes,
      SERVICE,
    ),
  update: (_at, service, attributes) => {
    service.name = text(attributes.name, service.name);
    service.type = text(attributes.type, service.type);
    if (typeof attributes.description === "string") service.description = attributes.description;
    service.enabled = flag(attributes.enabled, service.enabled);
    withExtras(service, attributes, SERVICE);
  },
  remove: ({ state }, service) => {
    for (const endpoint of state.endpoints.values())
      if (endpoint.serviceId === service.id) state.endpoints.delete(endpoint.id);
  },
};

function checkEndpoint(state: KeystoneState, attributes: Attributes): void {
  const { service_id: serviceId } = attributes;
  if (serviceId !== undefined && !state.services.has(text(serviceId)))
    throw expecting("endpoint service_id", "service table");
}

function regionOf({ state }: At, attributes: Attributes): string | null {
  const id = attributes.region_id ?? attributes.region;
  if (typeof id !== "string") return null;
  if (!state.regions.has(id)) state.regions.set(id, { id, name: id, description: "", parentId: null });
  return id;
}

export const ENDPOINTS: Kind<Endpoint> = {
  collection: "endpoints",
  member: "endpoint",
  existsFirst: true,
  bodyRequired: true,
  map: (state) => state.endpoints,
  view: (endpoint, context, state) => ({
    ...(endpoint.name !== "" && { name: endpoint.name }),
    ...endpoint.extra,
    id: endpoint.id,
    interface: endpoint.interface,
    region_id: endpoint.regionId,
    service_id: endpoint.serviceId,
    url: endpointUrl(state, context.cloud, endpoint, context),
    enabled: endpoint.enabled,
    region: endpoint.regionId,
  }),
  create: (at, attributes) => {
    checkEndpoint(at.state, attributes);
    return {
      id: newId(at),
      name: text(attributes.name),
      serviceId: text(attributes.service_id),
      interface: text(attributes.interface),
      regionId: regionOf(at, attributes),
      url: text(attributes.url),
      enabled: flag(attributes.enabled, true),
    };
  },
  update: (at, endpoint, attributes) => {
    checkEndpoint(at.state, attributes);
    endpoint.name = text(attributes.name, endpoint.name);
    endpoint.serviceId = text(attributes.service_id, endpoint.serviceId);
    endpoint.interface = text(attributes.interface, endpoint.interface);
    endpoint.regionId = regionOf(at, attributes) ?? endpoint.regionId;
    if (typeof attributes.url === "string") endpoint.url = attributes.url;
    endpoint.enabled = flag(attributes.enabled, endpoint.enabled);
  },
};

export const REGIONS: Kind<Region> = {
  collection: "regions",
  member: "region",
  existsFirst: true,
  map: (state) => state.regions,
  view: (region) => ({
    id: region.id,
    description: region.description,
    parent_region_id: region.parentId,
    ...region.extra,
  }),
  create: (at, attributes) => {
    const id = text(attributes.id) || newId(at);
    if (at.state.regions.has(id)) throw conflict("region", `Duplicate ID, ${id}.`);
    const parentId = typeof attributes.parent_region_id === "string" ? attributes.parent_region_id : null;
    if (parentId !== null && !at.state.regions.has(parentId)) throw notFound("region", parentId);
    return { id, name: id, description: text(attributes.description), parentId };
  },
  update: (_at, region, attributes) => {
    if (attributes.description !== undefined) region.description = text(attributes.description);
    if (attributes.parent_region_id !== undefined) region.parentId = text(attributes.parent_region_id) || null;
  },
  remove: ({ state }, region) => {
    if ([...state.endpoints.values()].some(({ regionId }) => regionId === region.id))
      throw new Refusal(
        403,
        "",
        `Unable to delete region ${region.id} because it or its child regions have associated endpoints.`,
      );
  },
  readable: () => true,
  visible: () => true,
};

const BLOB = ["blob", "type", "user_id", "project_id", "id"];

/** @throws Refusal 400 when keys for EC2 can't be read as such: later requests do */
function checkKeys({ type, blob }: Blob): void {
  if (type !== "ec2") return;
  try {
    const keys: unknown = JSON.parse(blob);
    if (typeof keys === "object" && keys !== null && !Array.isArray(keys)) return;
  } catch {
    // As bad as what is no object.
  }
  throw badRequest("Invalid blob in credential");
}

function createBlob(at: At, attributes: Attributes): Blob {
  const blob: Blob = {
    id: newId(at),
    name: "",
    blob: text(attributes.blob),
    type: text(attributes.type),
    userId: typeof attributes.user_id === "string" ? attributes.user_id : null,
    projectId: typeof attributes.project_id === "string" ? attributes.project_id : null,
  };
  checkKeys(blob);
  return withExtras(blob, attributes, BLOB);
}

function updateBlob(_at: At, blob: Blob, attributes: Attributes): void {
  checkKeys({ ...blob, blob: text(attributes.blob, blob.blob), type: text(attributes.type, blob.type) });
  blob.blob = text(attributes.blob, blob.blob);
  blob.type = text(attributes.type, blob.type);
  withExtras(blob, attributes, BLOB);
}

export const CREDENTIALS: Kind<Blob> = {
  collection: "credentials",
  member: "credential",
  map: (state) => state.credentials,
  view: ({ id, userId, projectId, blob, type, extra }) => ({
    ...extra,
    user_id: userId,
    type,
    blob,
    project_id: projectId,
    id,
  }),
  create: createBlob,
  update: updateBlob,
  visible: ({ actor }, { userId }) => actor.userId === userId,
};

export const POLICIES: Kind<Blob> = {
  collection: "policies",
  member: "policy",
  map: (state) => state.policies,
  view: ({ id, blob, type, extra }) => ({ ...extra, type, blob, id }),
  create: createBlob,
  update: updateBlob,
};

/** Refuses whoever is not an administrator. @throws Refusal 403 */
export function adminOnly({ actor }: Context, action: string): void {
  if (!actor.isAdmin) throw forbiddenAction(`identity:${action}`);
}
