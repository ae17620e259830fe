import type { Slot } from "../../../kernel/index.ts";
import type {
  AccessRule,
  AppCredential,
  Blob,
  Domain,
  Endpoint,
  EndpointGroup,
  Group,
  Limit,
  Project,
  Region,
  RegisteredLimit,
  Role,
  ServiceEntry,
  Token,
  Trust,
  User,
} from "./entities.ts";

/** Everything that Keystone keeps: plain maps by id, and the indexes over them. */
export interface KeystoneState {
  domains: Map<string, Domain>;
  projects: Map<string, Project>;
  users: Map<string, User>;
  roles: Map<string, Role>;
  groups: Map<string, Group>;
  services: Map<string, ServiceEntry>;
  endpoints: Map<string, Endpoint>;
  /** Project → the endpoints and the groups of endpoints that its catalog shows; a project without any sees all. */
  endpointsByProject: Map<string, readonly string[]>;
  endpointGroupsByProject: Map<string, readonly string[]>;
  regions: Map<string, Region>;
  credentials: Map<string, Blob>;
  policies: Map<string, Blob>;
  appCredentials: Map<string, AppCredential>;
  trusts: Map<string, Trust>;
  accessRules: Map<string, AccessRule>;
  endpointGroups: Map<string, EndpointGroup>;
  registeredLimits: Map<string, RegisteredLimit>;
  limits: Map<string, Limit>;
  /** Role → the roles that it implies, directly. */
  implied: Map<string, string[]>;
  /** `user/default/name` → id; likewise for projects, domains, roles, groups and application credentials. */
  names: Map<string, string>;
  /** Holder (`user:id`, `group:id`) → scope (`project:id`, `domain:id`, `system:all`, `inherited/project:id` …) → ids of granted roles. */
  grants: Map<string, Map<string, string[]>>;
  /** The reverse index: scope → holders. */
  grantees: Map<string, Set<string>>;
  tokens: Map<string, Token>;
  tokensIssued: number;
  /** `user` or `user/scope` → tokens up to this `seq` are revoked. */
  revokedUpTo: Map<string, number>;
  /** Grows with every change of who may do what; caches check it. */
  generation: number;
}

/** Where the kernel keeps Keystone's state. */
export type KeystoneSlot = Slot<KeystoneState>;

/** A state in which nothing exists. */
export function emptyState(): KeystoneState {
  return {
    domains: new Map(),
    projects: new Map(),
    users: new Map(),
    roles: new Map(),
    groups: new Map(),
    services: new Map(),
    endpoints: new Map(),
    endpointsByProject: new Map(),
    endpointGroupsByProject: new Map(),
    regions: new Map(),
    credentials: new Map(),
    policies: new Map(),
    appCredentials: new Map(),
    trusts: new Map(),
    accessRules: new Map(),
    endpointGroups: new Map(),
    registeredLimits: new Map(),
    limits: new Map(),
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
