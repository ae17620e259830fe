/** Anything with an id that Keystone keeps; what the API shows is built from it on reading. */
export interface Entity {
  readonly id: string;
  name: string;
  /** Attributes that the client sent beyond the known ones. */
  extra?: Record<string, unknown>;
}

/** A domain: what users, groups and projects belong to. */
export interface Domain extends Entity {
  description: string;
  enabled: boolean;
  tags: string[];
}

/** A project: what owns the things of the other services. */
export interface Project extends Entity {
  domainId: string;
  parentId: string;
  description: string;
  enabled: boolean;
  tags: string[];
  isImmutable: boolean;
}

/** A user of a domain. */
export interface User extends Entity {
  domainId: string;
  enabled: boolean;
  /** SHA-256 of id and password, hex; `undefined`: no password, can't log in by one. */
  passwordHash: string | undefined;
  defaultProjectId: string | undefined;
  /** Kept and shown; nothing here acts on them. */
  options?: Readonly<Record<string, unknown>>;
}

/** A request that an application credential may make. */
export interface AccessRule {
  readonly id: string;
  readonly userId: string;
  readonly service: string | null;
  readonly path: string | null;
  readonly method: string | null;
}

/** Endpoints that are chosen by what they have in common. */
export interface EndpointGroup extends Entity {
  description: string | null;
  filters: Readonly<Record<string, unknown>>;
}

/** How much of something each project may have unless it has a limit of its own (unified limits). */
export interface RegisteredLimit {
  readonly id: string;
  serviceId: string;
  regionId: string | null;
  resourceName: string;
  defaultLimit: number;
  description: string | null;
}

/** How much of something one project or domain may have. */
export interface Limit {
  readonly id: string;
  readonly projectId: string | null;
  readonly domainId: string | null;
  readonly serviceId: string;
  readonly regionId: string | null;
  readonly resourceName: string;
  resourceLimit: number;
  description: string | null;
}

/** A role of the cloud, or of a domain (which then only implies others). */
export interface Role extends Entity {
  domainId: string | null;
  description: string | null;
  isImmutable: boolean;
}

/** A group of users. */
export interface Group extends Entity {
  domainId: string;
  description: string;
  members: Set<string>;
}

/** A service of the catalog. */
export interface ServiceEntry extends Entity {
  type: string;
  description: string | undefined;
  enabled: boolean;
}

/** The address of a service of the catalog. */
export interface Endpoint extends Entity {
  serviceId: string;
  interface: string;
  regionId: string | null;
  /** As given; `$(project_id)s` is filled in by the token. `null`: where the simulated service of this type is. */
  url: string | null;
  enabled: boolean;
}

/** A region of endpoints. */
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

/** A secret by which a program acts as its user on one project. */
export interface AppCredential extends Entity {
  readonly userId: string;
  readonly projectId: string;
  readonly secretHash: string;
  readonly description: string | null;
  readonly expiresMs: number | null;
  readonly isUnrestricted: boolean;
  readonly roleIds: readonly string[];
  /** Ids of access rules; absent: it may do whatever its roles allow. */
  readonly accessRuleIds?: readonly string[];
}

/** A trust: rights that a trustee may use in the trustor's stead. */
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

/** The scope of a token. */
export type Scope =
  | { readonly kind: "project"; readonly id: string }
  | { readonly kind: "domain"; readonly id: string }
  | { readonly kind: "system" }
  | { readonly kind: "none" };

/** A token that was issued. */
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
  /** Counts issued tokens: it distinguishes tokens revoked "up to now" from later ones of the same instant. */
  readonly seq: number;
  isRevoked: boolean;
}
