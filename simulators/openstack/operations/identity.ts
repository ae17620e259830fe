/** The caller according to the token, with the current roles (implied ones included). */
export interface Actor {
  readonly token: string;
  readonly userId: string;
  readonly userName: string;
  readonly userDomainId: string;
  /** Empty when the token is unscoped or scoped to a domain. */
  readonly projectId: string;
  readonly projectName: string;
  readonly projectDomainId: string;
  /** Empty unless the token is scoped to a domain. */
  readonly domainId: string;
  readonly roles: readonly string[];
  readonly isAdmin: boolean;
  /** The only requests that the token may make; absent: any. */
  readonly accessRules?: readonly {
    readonly service: string | null;
    readonly path: string | null;
    readonly method: string | null;
  }[];
}

/** Keystone's operations for the other services. */
export interface IdentityOps {
  /** The bearer of a valid token, or `undefined`. */
  actor(token: string): Actor | undefined;
  project(projectId: string): { readonly id: string; readonly name: string; readonly enabled: boolean } | undefined;
}

/** Whether a row belongs to the project of the actor, or the actor is an administrator. */
export const controls = (actor: Actor, row: { readonly projectId: string }): boolean =>
  actor.isAdmin || row.projectId === actor.projectId;
