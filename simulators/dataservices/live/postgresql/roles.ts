import type { Client } from "pg";
import type { User } from "../../state.ts";

/*
 * The role model of the a9s platform: one group role owns every object of an instance; the user of a binding
 * is a member, acts as the group from its first statement on, and leaves its objects to the group when it is
 * removed. So the instance is the boundary of isolation, not the binding. No user has more rights than that:
 * no superuser, no createdb, no createrole, no replication.
 *
 * Two roles are the simulator's own: the superuser, and one that restores with the rights of a tenant, because a dump may hold
 * the tenant's code, which runs during the restore.
 */
/** The role that owns every object of an instance. */
export const GROUP = "cfuser";
/** The simulator's superuser. */
export const SUPERUSER = "drydock";
/** The role that restores. */
export const RESTORER = "drydock_restore";
/** The schema that comes first on the search path of users. */
export const SCHEMA = "shared";
/** The database of the template before its instance names it. */
export const PLACEHOLDER = "drydock_unnamed";

/** A name as SQL text, in double quotes. */
export const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;
/** A text as SQL text, in single quotes; for servers with `standard_conforming_strings`, the default. */
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** The text of pg_hba.conf: the group's members may connect to their own database, and nobody to any other. */
export const hbaOf = (database: string): string =>
  [
    `local all,replication ${SUPERUSER} scram-sha-256`,
    `local ${identifier(database)} ${RESTORER} scram-sha-256`,
    `local ${identifier(database)} +${GROUP} scram-sha-256`,
    "",
  ].join("\n");

/**
 * The text of pg_hba.conf of a server that does not serve clients yet: its files may come from elsewhere, with their own passwords. Its socket lies
 * in a folder that nobody but its user and this process can enter.
 */
export const CLOSED_HBA = `local all,replication ${SUPERUSER} trust\n`;

/** Makes the users of a server match the wanted ones: creates them, changes passwords, drops the others. */
export async function applyUsers(client: Client, wanted: ReadonlyMap<string, User>): Promise<void> {
  const { rows } = await client.query<{ name: string; verifier: string | null }>(
    `SELECT rolname AS name, rolpassword AS verifier FROM pg_authid
      WHERE rolname NOT LIKE 'pg\\_%' AND rolname <> ALL ($1)`,
    [[GROUP, SUPERUSER, RESTORER]],
  );
  const there = new Map(rows.map(({ name, verifier }) => [name, verifier]));
  for (const name of [...there.keys()].sort()) if (!wanted.has(name)) await dropUser(client, name);
  for (const user of wanted.values()) {
    if (!there.has(user.username)) await createUser(client, user);
    else if (there.get(user.username) !== user.verifier) await setPassword(client, user);
  }
}

async function createUser(client: Client, user: User): Promise<void> {
  const name = identifier(user.username);
  await client.query(`CREATE ROLE ${name} LOGIN PASSWORD ${literal(user.verifier)} IN ROLE ${GROUP};
    ALTER ROLE ${name} SET role = ${GROUP}`);
}

async function setPassword(client: Client, { username, verifier }: User): Promise<void> {
  await client.query(`ALTER ROLE ${identifier(username)} LOGIN PASSWORD ${literal(verifier)}`);
}

/** How long a session may take to end, in ms. */
const END_MS_MAX = 5000;

async function dropUser(client: Client, username: string): Promise<void> {
  const name = identifier(username);
  await client.query(`ALTER ROLE ${name} NOLOGIN`);
  await endSessions(client, "usename = $1", username);
  await client.query(`REASSIGN OWNED BY ${name} TO ${GROUP}; DROP OWNED BY ${name}; DROP ROLE ${name}`);
}

/** Ends sessions of users and waits until they are gone. `condition` is on pg_stat_activity, `$1` its value. */
async function endSessions(client: Client, condition: string, value: string): Promise<void> {
  await client.query(
    `SELECT pg_terminate_backend(pid, ${END_MS_MAX}) FROM pg_stat_activity
      WHERE pid <> pg_backend_pid() AND backend_type = 'client backend' AND ${condition}`,
    [value],
  );
}
