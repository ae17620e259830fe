import { randomBytes } from "node:crypto";
import { builtinRoles, type Grant, mayDo, readGrants } from "../auth/roles.ts";
import { credentialDocument, credentialOf, isMechanism, MECHANISMS } from "../auth/scram.ts";
import { grantsIn } from "../auth/users.ts";
import { type Document, isArray, isDocument, type Value } from "../values/value.ts";
import { notSimulated, ServerError } from "../wire/errors.ts";
import { type Call, type CommandTable, OK } from "./call.ts";
import { isOn, listIn, textIn } from "./fields.ts";

const NAME_CHARS_MAX = 1000;

function nameIn({ body, name }: Call): string {
  const user = body[name];
  if (typeof user !== "string" || user === "" || user.length > NAME_CHARS_MAX)
    throw new ServerError("BadValue", "User document needs 'user' field to be a non-empty string");
  return user;
}

function credentialsOf(user: string, password: string, mechanisms: Value): Document {
  const wanted = isArray(mechanisms) ? mechanisms : Object.keys(MECHANISMS);
  if (wanted.length === 0) throw new ServerError("BadValue", "mechanisms field must not be empty");
  return Object.fromEntries(
    wanted.map((mechanism) => {
      if (!isMechanism(mechanism)) throw new ServerError("BadValue", `Unknown auth mechanism '${String(mechanism)}'`);
      return [
        mechanism,
        credentialDocument(credentialOf(mechanism, user, password, randomBytes(MECHANISMS[mechanism].saltBytes))),
      ];
    }),
  );
}

function recordOf({ server, database }: Call, user: string): Document {
  if (server.users.isManaged(database, user))
    throw new ServerError("Unauthorized", `the user ${user}@${database} belongs to the platform`);
  const record = server.store.catalog.users.get(`${database}.${user}`);
  if (record === undefined) throw new ServerError("UserNotFound", `User '${user}@${database}' not found`);
  return record;
}

/** Nobody may grant rights that they lack: to grant roles on a database, one must be able to manage its users. */
function requireGrantable({ server, client }: Call, grants: readonly Grant[]): readonly Document[] {
  const { principal } = client;
  for (const { db } of grants)
    if (server.options.requiresLogin && (principal === undefined || !mayDo(principal, "manageUsers", db)))
      throw new ServerError("Unauthorized", `not authorized on ${db} to grant roles`);
  return grants.map((grant): Document => ({ ...grant }));
}

function createUser(call: Call): Document {
  const { server, body, database } = call;
  const user = nameIn(call);
  const password = textIn(body, "pwd");
  if (database === "local") throw new ServerError("BadValue", "Cannot create users in the local database");
  if (password === undefined || password === "")
    throw new ServerError(
      "BadValue",
      "Must provide a 'pwd' field for all user documents, except those with '$external' as the user's source db",
    );
  if (isArray(body.authenticationRestrictions) && body.authenticationRestrictions.length > 0)
    throw notSimulated("authenticationRestrictions");
  if (server.users.find(database, user) !== undefined)
    throw new ServerError("UserAlreadyExists", `User "${user}@${database}" already exists`);
  const roles = requireGrantable(call, readGrants(body.roles, database));
  const custom = isDocument(body.customData) ? { customData: body.customData } : {};
  const record = { user, db: database, roles, credentials: credentialsOf(user, password, body.mechanisms), ...custom };
  server.store.change({ kind: "putUser", database, user, record });
  return OK;
}

function updateUser(call: Call): Document {
  const { server, body, database } = call;
  const user = nameIn(call);
  const record = recordOf(call, user);
  const password = textIn(body, "pwd");
  const { roles, customData, mechanisms } = body;
  const changes: Document = {
    ...(password === undefined ? {} : { credentials: credentialsOf(user, password, mechanisms) }),
    ...(roles === undefined ? {} : { roles: requireGrantable(call, readGrants(roles, database)) }),
    ...(customData === undefined ? {} : { customData }),
  };
  if (Object.keys(changes).length === 0)
    throw new ServerError("BadValue", "Must specify at least one field to update in updateUser");
  server.store.change({ kind: "putUser", database, user, record: { ...record, ...changes } });
  refresh(call, user);
  return OK;
}

/** Logged-in users have the new roles at once. */
function refresh({ server, database }: Call, user: string): void {
  for (const client of server.clients)
    if (client.principal?.db === database && client.principal.user === user)
      client.principal = server.users.find(database, user);
}

function dropUser(call: Call): Document {
  const { server, database } = call;
  const user = nameIn(call);
  recordOf(call, user);
  server.store.change({ kind: "dropUser", database, user });
  server.endUser(database, user);
  return OK;
}

function dropAll({ server, database }: Call): Document {
  const names = [...server.store.catalog.users.values()]
    .filter(({ db }) => db === database)
    .map(({ user }) => String(user));
  for (const user of names) {
    server.store.change({ kind: "dropUser", database, user });
    server.endUser(database, user);
  }
  return { n: names.length, ...OK };
}

function changeRoles(
  call: Call,
  change: (there: readonly Grant[], given: readonly Grant[]) => readonly Grant[],
): Document {
  const { server, body, database } = call;
  const user = nameIn(call);
  const record = recordOf(call, user);
  const given = readGrants(body.roles, database);
  requireGrantable(call, given);
  const roles = change(grantsIn(record.roles), given).map((grant): Document => ({ ...grant }));
  server.store.change({ kind: "putUser", database, user, record: { ...record, roles } });
  refresh(call, user);
  return OK;
}

const isSame = (a: Grant, b: Grant): boolean => a.role === b.role && a.db === b.db;

/** Users see themselves; an administrator of a database's users sees all of them. */
function usersInfo(call: Call): Document {
  const { server, client, body, database } = call;
  const wanted = isArray(body.usersInfo) ? body.usersInfo : [body.usersInfo];
  const all = server.users.list(undefined);
  const found = wanted.flatMap((each) => {
    if (isDocument(each) && each.forAllDBs === true) return all;
    if (typeof each === "string") return all.filter(({ user, db }) => user === each && db === database);
    if (isDocument(each)) return all.filter(({ user, db }) => user === each.user && db === each.db);
    return all.filter(({ db }) => db === database);
  });
  const { principal } = client;
  const isOwn = ({ user, db }: Document): boolean => principal?.user === user && principal?.db === db;
  const isAllowed = (each: Document): boolean =>
    !server.options.requiresLogin ||
    isOwn(each) ||
    (principal !== undefined && mayDo(principal, "manageUsers", String(each.db)));
  if (
    !found.every(isAllowed) ||
    (found.length === 0 && principal !== undefined && !mayDo(principal, "manageUsers", database))
  )
    throw new ServerError("Unauthorized", `not authorized on ${database} to execute command { usersInfo: 1 }`);
  const shown = isOn(body, "showCredentials") ? found.map((each) => withCredentials(call, each)) : found;
  return { users: shown, ...OK };
}

function withCredentials({ server }: Call, shown: Document): Document {
  const record = server.store.catalog.users.get(`${String(shown.db)}.${String(shown.user)}`);
  return record === undefined ? shown : { ...shown, credentials: record.credentials };
}

const mechanismsField = {
  mechanisms: "array",
  digestPassword: "bool",
  customData: "object",
  authenticationRestrictions: "array",
} as const;

/** Commands of users and roles; custom roles are not simulated. */
export const USER_COMMANDS: CommandTable = {
  createUser: { action: "manageUsers", fields: { pwd: "string", roles: "array", ...mechanismsField }, run: createUser },
  updateUser: { action: "manageUsers", fields: { pwd: "string", roles: "array", ...mechanismsField }, run: updateUser },
  dropUser: { action: "manageUsers", fields: {}, run: dropUser },
  dropAllUsersFromDatabase: { action: "manageUsers", fields: {}, run: dropAll },
  grantRolesToUser: {
    action: "manageUsers",
    fields: { roles: "array" },
    run: (call) =>
      changeRoles(call, (there, given) => [
        ...there,
        ...given.filter((each) => !there.some((other) => isSame(each, other))),
      ]),
  },
  revokeRolesFromUser: {
    action: "manageUsers",
    fields: { roles: "array" },
    run: (call) =>
      changeRoles(call, (there, given) => there.filter((each) => !given.some((other) => isSame(each, other)))),
  },
  usersInfo: {
    action: "anybody",
    fields: {
      showCredentials: "bool",
      showPrivileges: "bool",
      showCustomData: "bool",
      showAuthenticationRestrictions: "bool",
      filter: "object",
    },
    run: usersInfo,
  },
  rolesInfo: {
    action: "manageUsers",
    fields: { showBuiltinRoles: "bool", showPrivileges: "any", showAuthenticationRestrictions: "bool" },
    run: ({ body, database }) => {
      const wanted = listIn({ all: isArray(body.rolesInfo) ? body.rolesInfo : [body.rolesInfo] }, "all");
      const names = wanted.map((each) => (isDocument(each) ? each.role : each));
      const isAll = names.some((each) => typeof each !== "string");
      const roles = builtinRoles(database).filter(({ role }) =>
        isAll ? isOn(body, "showBuiltinRoles") : names.includes(role),
      );
      return { roles, ...OK };
    },
  },
  createRole: {
    action: "manageUsers",
    fields: { roles: "array", privileges: "array", authenticationRestrictions: "array" },
    run: () => {
      throw notSimulated("roles of one's own");
    },
  },
};
