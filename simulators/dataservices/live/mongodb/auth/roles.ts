import { type Document, isArray, isDocument, type Value } from "../values/value.ts";
import { ServerError } from "../wire/errors.ts";

/** The kinds of actions of commands that roles distinguish. */
export type Action =
  | "find"
  | "write"
  /** Creating and dropping collections and indexes. */
  | "define"
  /** The contents of a database: names, sizes. */
  | "inspect"
  | "administer"
  | "manageUsers"
  | "monitor"
  | "operate";

interface Role {
  readonly actions: readonly Action[];
  /** On every database except `local` and `config`, and only for users of `admin`. */
  readonly isAnywhere: boolean;
}

const READ: readonly Action[] = ["find", "inspect"];
const WRITE: readonly Action[] = [...READ, "write", "define"];
const ADMIN: readonly Action[] = ["inspect", "define", "administer"];
const OWNER: readonly Action[] = [...WRITE, "administer", "manageUsers"];

/** The built-in roles (MongoDB manual, "Built-In Roles"), in terms of the actions that this engine distinguishes. */
const ROLES: Readonly<Record<string, Role>> = {
  read: { actions: READ, isAnywhere: false },
  readWrite: { actions: WRITE, isAnywhere: false },
  dbAdmin: { actions: ADMIN, isAnywhere: false },
  userAdmin: { actions: ["manageUsers"], isAnywhere: false },
  dbOwner: { actions: OWNER, isAnywhere: false },
  readAnyDatabase: { actions: READ, isAnywhere: true },
  readWriteAnyDatabase: { actions: WRITE, isAnywhere: true },
  dbAdminAnyDatabase: { actions: ADMIN, isAnywhere: true },
  userAdminAnyDatabase: { actions: ["manageUsers"], isAnywhere: true },
  clusterMonitor: { actions: ["monitor", "inspect"], isAnywhere: true },
  clusterManager: { actions: ["monitor"], isAnywhere: true },
  hostManager: { actions: ["operate"], isAnywhere: true },
  clusterAdmin: { actions: ["monitor", "operate", "administer", "inspect"], isAnywhere: true },
  backup: { actions: ["find", "inspect", "monitor"], isAnywhere: true },
  restore: { actions: ["write", "define", "administer", "inspect"], isAnywhere: true },
  root: { actions: [...OWNER, "monitor", "operate"], isAnywhere: true },
};

/** A role on a database. */
export interface Grant {
  readonly role: string;
  readonly db: string;
}

/** The logged-in user. */
export interface Principal {
  readonly user: string;
  readonly db: string;
  readonly roles: readonly Grant[];
}

/** Reads the roles of `createUser`: names, or names with a database. @throws ServerError RoleNotFound */
export function readGrants(value: Value, database: string): readonly Grant[] {
  if (!isArray(value)) throw new ServerError("TypeMismatch", "BSON field 'roles' must be an array");
  return value.map((each) => {
    const grant = typeof each === "string" ? { role: each, db: database } : grantOf(each);
    const role = Object.hasOwn(ROLES, grant.role) ? ROLES[grant.role] : undefined;
    if (role === undefined || (role.isAnywhere && grant.db !== "admin"))
      throw new ServerError("RoleNotFound", `Could not find role: ${grant.role}@${grant.db}`);
    return grant;
  });
}

function grantOf(value: Value): Grant {
  const { role, db } = isDocument(value) ? value : {};
  if (typeof role !== "string" || typeof db !== "string")
    throw new ServerError("BadValue", "a role needs 'role' and 'db'");
  return { role, db };
}

/** The server's own databases: roles on all databases do not reach them. */
const INTERNAL = new Set(["local", "config"]);

/** Whether a user may do this on a database. */
export function mayDo(principal: Principal, action: Action, database: string): boolean {
  return principal.roles.some(({ role: name, db }) => {
    const role = Object.hasOwn(ROLES, name) ? ROLES[name] : undefined;
    if (role === undefined || !role.actions.includes(action)) return false;
    return role.isAnywhere ? db === "admin" && (!INTERNAL.has(database) || name === "root") : db === database;
  });
}

/** The names of the built-in roles with a database, as `rolesInfo` shows them. */
export const builtinRoles = (database: string): readonly Document[] =>
  Object.entries(ROLES)
    .filter(([, { isAnywhere }]) => !isAnywhere || database === "admin")
    .map(([role]) => ({ role, db: database, isBuiltin: true, roles: [], inheritedRoles: [] }));
