import { type Attempt, firstCells, judgeAttempts, requireEngine } from "../engine-attempts.ts";
import { isolationCheck } from "../plan.ts";

/** Privileges over the whole server that lead out of one's own database (MySQL's and MariaDB's names). */
const POWERS =
  /\b(ALL PRIVILEGES|FILE|SUPER|PROCESS|SHUTDOWN|RELOAD|CREATE USER|CREATE ROLE|GRANT OPTION|REPLICATION \w+|BINLOG \w+|SYSTEM_\w+|CONNECTION_ADMIN|ROLE_ADMIN|SET_USER_ID|SET_ANY_DEFINER|SERVICE_CONNECTION_ADMIN)\b[^;]* ON \*\.\*/i;

/** Schemas that every user sees. */
const OPEN_SCHEMAS = new Set(["information_schema", "performance_schema", "sys"]);

const ATTEMPTS: readonly Attempt[] = [
  {
    what: "power over the server",
    command: "SHOW GRANTS",
    gains: (rows) => firstCells(rows).some((grant) => POWERS.test(grant)),
  },
  {
    what: "files of the host",
    command: "SELECT LOAD_FILE('/etc/hostname')",
    gains: (rows) => rows.some(([text]) => text !== null && text !== undefined),
  },
  {
    what: "a file on the host",
    command: "SELECT 1 INTO OUTFILE '/tmp/drydock_outfile'",
    betrayal: /can't create\/write|already exists|errcode/i,
  },
  {
    what: "files of clients, which the server may ask for",
    command: "SHOW VARIABLES LIKE 'local_infile'",
    gains: (rows) => rows.some(([, value]) => value === "ON" || value === "1"),
  },
  { what: "the accounts of the server", command: "SELECT user FROM mysql.user" },
  {
    what: "databases of others",
    command: "SELECT schema_name FROM information_schema.schemata",
    gains: (rows, { database }) => firstCells(rows).some((name) => name !== database && !OPEN_SCHEMAS.has(name)),
  },
  {
    what: "what others run",
    command: "SELECT user FROM information_schema.processlist WHERE user <> SUBSTRING_INDEX(USER(), '@', 1)",
    gains: (rows) => rows.length > 0,
  },
  {
    what: "a setting of the server",
    command: "SET GLOBAL max_connect_errors = @@GLOBAL.max_connect_errors",
  },
  {
    what: "a user that it creates itself",
    command: "CREATE USER drydock_user IDENTIFIED BY 'drydock-Password-1'",
    after: "DROP USER drydock_user",
  },
  {
    what: "a library of its own",
    command: "CREATE FUNCTION drydock_function RETURNS STRING SONAME 'drydock.so'",
    after: "DROP FUNCTION drydock_function",
    betrayal: /can't open shared library/i,
  },
  {
    what: "a plugin",
    command: "INSTALL PLUGIN drydock SONAME 'drydock.so'",
    after: "UNINSTALL PLUGIN drydock",
    betrayal: /can't open shared library/i,
  },
  { what: "the log of the server's changes", command: "SHOW BINARY LOGS" },
];

/** IS-37: MySQL, a tenant's user has no power. */
export const mysqlCheck = isolationCheck("IS-37", {
  requirement:
    "A tenant of MySQL or MariaDB has no privilege over the server, reads and writes no file, and sees neither accounts nor databases nor statements of others.",
  run: async (context) => judgeAttempts(context, await requireEngine(context, "mysql"), ATTEMPTS, "SELECT 1"),
});
