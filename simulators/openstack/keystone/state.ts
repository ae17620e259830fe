import type { Slot } from "../../kernel/index.ts";
import { CATALOG, type CatalogType, type Cloud } from "../cloud.ts";

/** Anything with an id that Keystone keeps; what the API shows is built from it on reading. */
export interface Entity {
  readonly id: string;
  name: string;
  /** Attributes that the client sent beyond the known ones. */
  extra?: Record<string, unknown>;
}

export interface Domain extends Entity {
  description: string;
  enabled: boolean;
  tags: string[];
}

export interface Project extends Entity {
  domainId: string;
  parentId: string;
  description: string;
  enabled: boolean;
  tags: string[];
  isImmutable: boolean;
}

export interface User extends Entity {
  domainId: string;
  enabled: boolean;
  /** SHA-256 of id and password, hex; `undefined`: no password, can't log in by one. */
  passwordHash: string | undefined;
  defaultProjectId: string | undefined;
}

export interface Role extends Entity {
  domainId: string | null;
  description: string | null;
  isImmutable: boolean;
}

export interface Group extends Entity {
  domainId: string;
  description: string;
  members: Set<string>;
}

export interface ServiceEntry extends Entity {
  type: string;
  description: string | undefined;
  enabled: boolean;
}

export interface Endpoint extends Entity {
  serviceId: string;
  interface: string;
  regionId: string | null;
  /** As given; `$(project_id)s` is filled in by the token. `null`: where the simulated service of this type is. */
  url: string | null;
  enabled: boolean;
}

export interface Region extends Entity {
  description: string;
  parentId: string | null;
}

/** Credentials and policies: stored, never interpreted. */
export interface Blob extends Entity {
  blob: string;
  type: string;
  userId: string | null;
  projectId: string | null;
}

export interface AppCredential extends Entity {
  readonly userId: string;
  readonly projectId: string;
  readonly secretHash: string;
  readonly description: string | null;
  readonly expiresMs: number | null;
  readonly isUnrestricted: boolean;
  readonly roleIds: readonly string[];
}

/** What a trustor lets a trustee do in the trustor's stead. */
export interface Trust {
  readonly id: string;
  readonly trustorId: string;
  readonly trusteeId: string;
  readonly projectId: string | null;
  readonly impersonation: boolean;
  readonly expiresMs: number | null;
  readonly roleIds: readonly string[];
  /** How many tokens may still be issued; null: any number. */
  remainingUses: number | null;
}

export type Scope =
  | { readonly kind: "project"; readonly id: string }
  | { readonly kind: "domain"; readonly id: string }
  | { readonly kind: "system" }
  | { readonly kind: "none" };

export interface Token {
  readonly id: string;
  readonly userId: string;
  readonly scope: Scope;
  readonly methods: readonly string[];
  readonly auditIds: readonly string[];
  readonly issuedMs: number;
  readonly expiresMs: number;
  readonly appCredentialId?: string;
  readonly trustId?: string;
  /** Counts issued tokens: what is revoked "up to now" is told from what came later within the same instant. */
  readonly seq: number;
  isRevoked: boolean;
}

export interface KeystoneState {
  domains: Map<string, Domain>;
  projects: Map<string, Project>;
  users: Map<string, User>;
  roles: Map<string, Role>;
  groups: Map<string, Group>;
  services: Map<string, ServiceEntry>;
  endpoints: Map<string, Endpoint>;
  regions: Map<string, Region>;
  credentials: Map<string, Blob>;
  policies: Map<string, Blob>;
  appCredentials: Map<string, AppCredential>;
  trusts: Map<string, Trust>;
  /** Role → roles that whoever holds it holds too. */
  implied: Map<string, string[]>;
  /** `user/default/name` → id; the same for projects, domains, roles, groups and application credentials. */
  names: Map<string, string>;
  /** Who (`user:id`, `group:id`) → on what (`project:id`, `domain:id`, `system:all`, `inherited/project:id` …) → ids of granted roles. */
  grants: Map<string, Map<string, string[]>>;
  /** The other way round: on what → who. */
  grantees: Map<string, Set<string>>;
  tokens: Map<string, Token>;
  tokensIssued: number;
  /** `user` or `user/scope` → tokens up to this `seq` are revoked. */
  revokedUpTo: Map<string, number>;
  /** Changes with each change of who may do what; derived caches keep it. */
  generation: number;
}

/** Which role implies which in a new cloud (docs/discoveries/openstack.md, "Authentication"). */
const IMPLIED = [
  ["admin", "member"],
  ["member", "reader"],
] as const;

/** Grants under this key hold on what is below a project or domain, not on itself. */
export const INHERITED = "inherited/";

const ROLES = ["admin", "member", "reader", "service", "ResellerAdmin"] as const;
const IMMUTABLE_ROLES: readonly string[] = ["admin", "member", "reader"];

export const nameKey = (kind: string, domainId: string, name: string): string =>
  `${kind}/${domainId}/${name.toLowerCase()}`;

/** The state of a new cloud: domain `default`, the administrator with their project, the roles, the catalog. */
export function seed(cloud: Cloud, hashOf: (id: string, secret: string) => string): KeystoneState {
  const state = emptyState();
  const id = (): string => cloud.hex("keystone");
  const { user, password, project } = cloud.admin;
  const description = "The default domain";
  state.domains.set("default", { id: "default", name: "Default", description, enabled: true, tags: [] });
  state.names.set(nameKey("domain", "", "Default"), "default");
  for (const name of ROLES) {
    const role = { id: id(), name, domainId: null, description: null, isImmutable: IMMUTABLE_ROLES.includes(name) };
    state.roles.set(role.id, role);
    state.names.set(nameKey("role", "", name), role.id);
  }
  const roleNamed = (name: string): string => state.names.get(nameKey("role", "", name)) ?? "";
  for (const [prior, implied] of IMPLIED) state.implied.set(roleNamed(prior), [roleNamed(implied)]);
  const projectId = id();
  const common = { domainId: "default", enabled: true };
  const bootstrap = "Bootstrap project for initializing the cloud.";
  state.projects.set(projectId, {
    ...common,
    id: projectId,
    name: project,
    parentId: "default",
    description: bootstrap,
    tags: [],
    isImmutable: false,
  });
  state.names.set(nameKey("project", "default", project), projectId);
  const userId = id();
  state.users.set(userId, {
    ...common,
    id: userId,
    name: user,
    passwordHash: hashOf(userId, password),
    defaultProjectId: undefined,
  });
  state.names.set(nameKey("user", "default", user), userId);
  grant(state, `user:${userId}`, `project:${projectId}`, roleNamed("admin"));
  grant(state, `user:${userId}`, "system:all", roleNamed("admin"));
  state.regions.set(cloud.region, { id: cloud.region, name: cloud.region, description: "", parentId: null });
  for (const type of Object.keys(CATALOG) as CatalogType[]) seedService(state, cloud, type, id);
  return state;
}

function emptyState(): KeystoneState {
  return {
    domains: new Map(),
    projects: new Map(),
    users: new Map(),
    roles: new Map(),
    groups: new Map(),
    services: new Map(),
    endpoints: new Map(),
    regions: new Map(),
    credentials: new Map(),
    policies: new Map(),
    appCredentials: new Map(),
    trusts: new Map(),
    implied: new Map(),
    names: new Map(),
    grants: new Map(),
    grantees: new Map(),
    tokens: new Map(),
    tokensIssued: 0,
    revokedUpTo: new Map(),
    generation: 0,
  };
}

function seedService(state: KeystoneState, cloud: Cloud, type: CatalogType, id: () => string): void {
  const name = type === "volumev3" ? "cinderv3" : CATALOG[type].name;
  const service = { id: id(), name, type, description: undefined, enabled: true };
  state.services.set(service.id, service);
  for (const side of ["admin", "internal", "public"]) {
    const endpoint = { id: id(), name: "", serviceId: service.id, interface: side };
    state.endpoints.set(endpoint.id, { ...endpoint, regionId: cloud.region, url: null, enabled: true });
  }
}

/** Gives a role; again is the same. */
export function grant(state: KeystoneState, who: string, what: string, roleId: string): void {
  let byTarget = state.grants.get(who);
  if (byTarget === undefined) state.grants.set(who, (byTarget = new Map()));
  const roles = byTarget.get(what);
  if (roles === undefined) byTarget.set(what, [roleId]);
  else if (!roles.includes(roleId)) roles.push(roleId);
  let grantees = state.grantees.get(what);
  if (grantees === undefined) state.grantees.set(what, (grantees = new Set()));
  grantees.add(who);
  state.generation++;
}

/** Takes a role away; answers whether it was there. */
export function ungrant(state: KeystoneState, who: string, what: string, roleId: string): boolean {
  const byTarget = state.grants.get(who);
  const roles = byTarget?.get(what);
  if (byTarget === undefined || roles === undefined || !roles.includes(roleId)) return false;
  if (roles.length > 1)
    byTarget.set(
      what,
      roles.filter((id) => id !== roleId),
    );
  else {
    byTarget.delete(what);
    state.grantees.get(what)?.delete(who);
  }
  state.generation++;
  return true;
}

/** Forgets every grant to or on something that is gone. */
export function forgetGrants(state: KeystoneState, key: string): void {
  forgetKey(state, key);
  forgetKey(state, INHERITED + key);
}

function forgetKey(state: KeystoneState, key: string): void {
  for (const what of state.grants.get(key)?.keys() ?? []) state.grantees.get(what)?.delete(key);
  state.grants.delete(key);
  for (const who of state.grantees.get(key) ?? []) state.grants.get(who)?.delete(key);
  state.grantees.delete(key);
  state.generation++;
}

export type KeystoneSlot = Slot<KeystoneState>;
