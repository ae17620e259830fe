import { DataError } from "../../../data/plane.ts";
import type { RecordedSession } from "../../../data/recorded-session.ts";
import type { TableRows } from "../../../data/statement.ts";
import { createFilled, markedTable } from "../../tenants/tables.ts";
import type { Tenant } from "../../tenants/tenants.ts";
import { type Evidence, fail, notApplicable, type Outcome, pass, Verdicted } from "../../../runner/check.ts";
import type { IsolationContext } from "../context.ts";
import { runNative } from "../attempts.ts";
import { isolationCheck } from "../plan.ts";

/** Something that a tenant tries, in PostgreSQL's dialect. */
interface Attempt {
  readonly what: string;
  readonly sql: string;
  /** Statements to run before and after. Neither is judged. */
  readonly before?: readonly string[];
  readonly after?: readonly string[];
  /** Whether rows show that it worked. Default: it was not refused. */
  readonly gains?: (rows: TableRows) => boolean;
}

const hasRows = (rows: TableRows): boolean => rows.length > 0;
const isTrue = (rows: TableRows): boolean => rows.some(([value]) => value === "t" || value === "true");

const POWERS = ["rolsuper", "rolcreaterole", "rolreplication", "rolbypassrls"];

/** Powers and memberships of a tenant's role. */
const ROLE_ATTEMPTS: readonly Attempt[] = [
  ...POWERS.map((power) => ({
    what: `the attribute ${power}`,
    sql: `SELECT ${power}::text FROM pg_roles WHERE rolname = current_user`,
    gains: isTrue,
  })),
  {
    what: "membership in a role that has power over the server",
    sql: "SELECT r.rolname::text FROM pg_roles r WHERE r.rolname ~ '^pg_(read_server_files|write_server_files|execute_server_program|read_all_data|write_all_data|maintain|signal_backend|monitor|read_all_settings|checkpoint|create_subscription)$' AND pg_has_role(current_user, r.oid, 'MEMBER')",
    gains: hasRows,
  },
  {
    what: "membership in a superuser",
    sql: "SELECT r.rolname::text FROM pg_roles r WHERE r.rolsuper AND pg_has_role(current_user, r.oid, 'MEMBER')",
    gains: hasRows,
  },
];

/** Ways to files and programs of the host. */
const HOST_ATTEMPTS: readonly Attempt[] = [
  { what: "a program by COPY", sql: "COPY (SELECT 1) TO PROGRAM 'true'" },
  { what: "a file by COPY", sql: "COPY (SELECT 1) TO '/tmp/drydock-canary'" },
  { what: "a file by pg_read_file", sql: "SELECT pg_read_file('/etc/hostname')" },
  { what: "a file by pg_read_binary_file", sql: "SELECT pg_read_binary_file('/etc/hostname')::text" },
  { what: "a directory by pg_ls_dir", sql: "SELECT pg_ls_dir('.')::text LIMIT 1" },
  { what: "the state of a file by pg_stat_file", sql: "SELECT (pg_stat_file('postgresql.conf')).size::text" },
  { what: "a large object out of a file", sql: "SELECT lo_import('/etc/hostname')::text" },
  { what: "a file out of a large object", sql: "SELECT lo_export(0, '/tmp/drydock-canary')::text" },
  {
    what: "the log of the server",
    sql: "SELECT pg_current_logfile()::text",
    gains: (rows) => rows.some(([value]) => value !== null),
  },
];

/** Ways to more rights than a role has. */
const ESCALATIONS: readonly Attempt[] = [
  { what: "SUPERUSER for itself", sql: "ALTER ROLE CURRENT_USER SUPERUSER" },
  { what: "a new superuser", sql: "CREATE ROLE drydock_root SUPERUSER", after: ["DROP ROLE IF EXISTS drydock_root"] },
  { what: "the role of the superuser", sql: "SET ROLE postgres", after: ["RESET ROLE"] },
  { what: "an untrusted language", sql: "CREATE EXTENSION plpython3u" },
  {
    what: "a function in C",
    sql: "CREATE FUNCTION drydock_c() RETURNS int LANGUAGE C AS '/lib/x86_64-linux-gnu/libc.so.6', 'getpid'",
  },
  { what: "a setting of the server", sql: "ALTER SYSTEM SET log_statement = 'all'" },
  { what: "a library for each session", sql: "SET session_preload_libraries = 'drydock'" },
  {
    what: "an event trigger",
    before: ["CREATE OR REPLACE FUNCTION drydock_event() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'"],
    sql: "CREATE EVENT TRIGGER drydock_event ON ddl_command_end EXECUTE FUNCTION drydock_event()",
    after: ["DROP EVENT TRIGGER IF EXISTS drydock_event", "DROP FUNCTION IF EXISTS drydock_event()"],
  },
  {
    what: "a table for the superuser, whose index then runs as the superuser",
    before: ["CREATE TABLE drydock_given (x int)"],
    sql: "ALTER TABLE drydock_given OWNER TO postgres",
    after: ["DROP TABLE IF EXISTS drydock_given"],
  },
  {
    what: "an operator in the catalog's schema",
    sql: "CREATE FUNCTION pg_catalog.drydock_shadow() RETURNS int LANGUAGE sql AS 'SELECT 1'",
  },
  { what: "the catalog itself", sql: "UPDATE pg_catalog.pg_authid SET rolsuper = true WHERE rolname = current_user" },
  { what: "the verifiers of passwords", sql: "SELECT rolname::text FROM pg_catalog.pg_authid LIMIT 1", gains: hasRows },
];

/** Ways from the server back to itself, and to others. */
const PEER_ATTEMPTS: readonly Attempt[] = [
  {
    what: "dblink to the server's own address",
    before: ["CREATE EXTENSION IF NOT EXISTS dblink"],
    sql: "SELECT * FROM dblink('host=127.0.0.1 user=postgres dbname=postgres', 'SELECT 1') AS t(x int)",
  },
  {
    what: "dblink through the server's socket",
    sql: "SELECT * FROM dblink('user=postgres dbname=postgres', 'SELECT 1') AS t(x int)",
  },
  {
    what: "a foreign server at the server's own address",
    before: ["CREATE EXTENSION IF NOT EXISTS postgres_fdw"],
    sql: "CREATE SERVER drydock_self FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', dbname 'postgres')",
    after: ["DROP SERVER IF EXISTS drydock_self CASCADE"],
    gains: () => false,
  },
  {
    what: "files by a foreign data wrapper",
    before: ["CREATE EXTENSION IF NOT EXISTS file_fdw"],
    sql: "CREATE SERVER drydock_files FOREIGN DATA WRAPPER file_fdw",
    after: ["DROP SERVER IF EXISTS drydock_files CASCADE"],
  },
  {
    what: "a replication slot",
    sql: "SELECT pg_create_physical_replication_slot('drydock_slot')::text",
    after: ["SELECT pg_drop_replication_slot('drydock_slot')"],
  },
  {
    what: "a subscription to another server",
    sql: "CREATE SUBSCRIPTION drydock_sub CONNECTION 'host=127.0.0.1' PUBLICATION p WITH (connect = false)",
    after: ["DROP SUBSCRIPTION IF EXISTS drydock_sub"],
  },
];

/** Ends the check as not applicable if the engine accepts no native statements, or is not PostgreSQL. */
export async function requirePostgres(session: RecordedSession): Promise<void> {
  const version = session.extras.has("native") ? await runNative(session, "SELECT version()") : [];
  if (version instanceof DataError || version.length === 0)
    throw new Verdicted(notApplicable("this data plane takes no statements in PostgreSQL's own dialect"));
}

/** Tries everything in one session; the first that works is the finding. */
async function judgeAttempts(context: IsolationContext, attempts: readonly Attempt[]): Promise<Outcome> {
  const offer = await context.requireUsableOffer();
  const tenant = await context.tenant(offer);
  return context.inSession(tenant, async (session) => {
    await requirePostgres(session);
    const evidence: Evidence[] = [...context.lastStep()];
    for (const { what, sql, before = [], after = [], gains = () => true } of attempts) {
      for (const text of before) await runNative(session, text);
      const result = await runNative(session, sql);
      const step = context.lastStep();
      for (const text of after) await runNative(session, text);
      if (result instanceof DataError && result.fault === "lost")
        return fail("a server that survives what a tenant tries", `${what}: the session is lost`, ...step);
      if (!(result instanceof DataError) && gains(result)) return fail("a tenant to be refused", what, ...step);
      evidence.push(...step);
    }
    return pass(...evidence);
  });
}

/** Views of the catalog that show names, and what sessions are doing. */
const VIEWS: readonly (readonly [what: string, sql: string])[] = [
  ["the list of databases", "SELECT datname::text FROM pg_database"],
  ["the list of roles", "SELECT rolname::text FROM pg_roles"],
  [
    "what sessions are doing",
    "SELECT coalesce(query, '') || ' ' || coalesce(usename::text, '') || ' ' || coalesce(datname::text, '') FROM pg_stat_activity",
  ],
  ["settings", "SELECT coalesce(setting, '') FROM pg_settings"],
  ["tablespaces", "SELECT spcname::text FROM pg_tablespace"],
];

async function judgeCatalog(context: IsolationContext): Promise<Outcome> {
  const offer = await context.requireUsableOffer();
  const [own, other] = [await context.tenant(offer), await context.tenant(offer)];
  const canary = markedTable("drydock_unseen", other.live.id, "only");
  await context.inSession(other, (session) => createFilled(session, canary));
  const marks = marksOf(other, own);
  return context.inSession(own, async (session) => {
    await requirePostgres(session);
    const evidence: Evidence[] = [];
    for (const [what, sql] of VIEWS) {
      const rows = await runNative(session, sql);
      evidence.push(...context.lastStep());
      const seen =
        rows instanceof DataError
          ? undefined
          : marks.find((mark) => rows.some((row) => row.some((value) => value?.includes(mark))));
      if (seen !== undefined)
        return fail(
          "a catalog that shows nothing of another tenant",
          `something of it in ${what}`,
          ...context.lastStep(),
        );
    }
    return pass(...evidence);
  });
}

/** Names by which another tenant could be known, unless both share them. */
function marksOf(other: Tenant, own: Tenant): readonly string[] {
  const names = ({ live, access }: Tenant): readonly string[] => [
    live.id,
    access.login.username,
    access.login.database,
  ];
  return names(other).filter((name) => name.length > 3 && !names(own).includes(name));
}

/** IS-32: a tenant's role has no power. */
export const roleCheck = isolationCheck("IS-32", {
  requirement:
    "A tenant's role is not a superuser, creates no roles, replicates nothing, bypasses no row security, and is a member of no role that may.",
  run: (context) => judgeAttempts(context, ROLE_ATTEMPTS),
});

/** IS-33: no way to the host. */
export const hostCheck = isolationCheck("IS-33", {
  requirement: "A tenant reaches neither files nor programs of the host, by any of PostgreSQL's ways.",
  run: (context) => judgeAttempts(context, HOST_ATTEMPTS),
});

/** IS-34: no way up. */
export const escalationCheck = isolationCheck("IS-34", {
  requirement:
    "A tenant can't extend its rights: not by roles, languages, settings, triggers, owners, schemas or the catalog.",
  run: (context) => judgeAttempts(context, ESCALATIONS),
});

/** IS-35: no way to peers. */
export const peersCheck = isolationCheck("IS-35", {
  requirement: "From inside the server, a tenant can connect neither back to it without a password nor to other nodes.",
  run: (context) => judgeAttempts(context, PEER_ATTEMPTS),
});

/** IS-36: the catalog shows no other tenant. */
export const catalogCheck = isolationCheck("IS-36", {
  requirement: "The databases, roles, sessions and settings that a tenant sees hold nothing of another tenant.",
  instances: 2,
  run: judgeCatalog,
});
