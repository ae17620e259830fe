import { DataError } from "../../../data/plane.ts";
import type { Access } from "../../../data/step-evidence.ts";
import { type Evidence, fail, type Outcome, Verdicted } from "../../../runner/check.ts";
import type { Tenant } from "../../tenants/tenants.ts";
import { runNative } from "../attempts.ts";
import type { IsolationContext } from "../context.ts";
import { type Attempt, judgeAttempts, requireEngine } from "../engine-attempts.ts";
import { isolationCheck } from "../plan.ts";

const command = (database: string, document: object): string => `${database} ${JSON.stringify(document)}`;
const textOf = (rows: readonly (readonly (string | null)[])[]): string => rows.flat().join("\n");

/** Roles beyond a tenant's own database (MongoDB manual, "Built-In Roles"). */
const POWERS =
  /"role":"(root|__system|\w+AnyDatabase|cluster(Admin|Manager|Monitor)|hostManager|backup|restore)"|"role":"\w+","db":"(admin|local|config)"/;

const newUser = { createUser: "drydock", pwd: "drydock-password", roles: ["root"] };
const noUser = { dropUser: "drydock" };

const ATTEMPTS: readonly Attempt[] = [
  {
    what: "roles over other databases",
    command: command("admin", { connectionStatus: 1 }),
    gains: (rows) => POWERS.test(textOf(rows).replaceAll(/\s/g, "")),
  },
  {
    what: "databases of others",
    command: command("admin", { listDatabases: 1, nameOnly: true }),
    gains: (rows, { database }) =>
      [...textOf(rows).matchAll(/"name":"([^"]+)"/g)].some(([, name]) => name !== database),
  },
  { what: "the users of the server", command: command("admin", { find: "system.users", limit: 1 }) },
  {
    what: "all users",
    command: command("admin", { usersInfo: { forAllDBs: true } }),
    gains: (rows, { username }) =>
      [...textOf(rows).matchAll(/"user":"([^"]+)"/g)].some(([, name]) => name !== username),
  },
  {
    what: "an administrator that it creates itself",
    command: command("admin", newUser),
    after: command("admin", noUser),
  },
  { what: "the log of everybody's changes", command: command("local", { find: "oplog.rs", limit: 1 }) },
  { what: "what the cluster is made of", command: command("config", { find: "system.sessions", limit: 1 }) },
  { what: "parameters of the server", command: command("admin", { getParameter: "*" }) },
  { what: "a parameter of the server", command: command("admin", { setParameter: 1, logLevel: 0 }) },
  { what: "how the server was started", command: command("admin", { getCmdLineOpts: 1 }) },
  { what: "the server's log", command: command("admin", { getLog: "global" }) },
  { what: "what others run", command: command("admin", { currentOp: 1, $all: true }) },
  { what: "the replica set", command: command("admin", { replSetGetConfig: 1 }) },
];

/** Tries to create an administrator without a login, as the localhost exception lets the first one do while no user exists. */
async function tryException(context: IsolationContext, nobody: Access): Promise<readonly Evidence[] | undefined> {
  const session = await context.recorder.open(nobody, { vmOf: nobody.login.host }).catch((error: unknown) => {
    if (error instanceof DataError) return undefined;
    throw error;
  });
  if (session === undefined) return undefined;
  try {
    if ((await runNative(session, command("admin", newUser))) instanceof DataError) return undefined;
    const seen = context.lastStep();
    await runNative(session, command("admin", noUser));
    return seen;
  } finally {
    await session.close();
  }
}

/** Checks that the exception does not open during a restore, when the users of a server may be missing for a moment. */
async function judgeWindow(context: IsolationContext, tenant: Tenant): Promise<Outcome | undefined> {
  if (!context.recorder.plane.hasTenantVm) return undefined;
  const { login } = tenant.access;
  const nobody: Access = {
    login: { ...login, username: "", password: "", database: "admin" },
    of: "nobody, at its instance",
  };
  const client = await context.backups(tenant.live.offer).catch((error: unknown) => {
    if (error instanceof Verdicted) return undefined;
    throw error;
  });
  let isOver = client === undefined || !client.can("create") || !client.can("restore");
  const restoring = isOver ? undefined : restoreOnce(context, tenant).finally(() => void (isOver = true));
  let seen: readonly Evidence[] | undefined;
  do {
    seen ??= await tryException(context, nobody);
    if (!isOver) await context.platform.settings.clock.sleepMs(WINDOW_POLL_MS);
  } while (!isOver);
  await restoring;
  if (seen === undefined) return undefined;
  return fail("nobody to become an administrator without a login", "a user was created", ...seen);
}

const WINDOW_POLL_MS = 250;

async function restoreOnce(context: IsolationContext, tenant: Tenant): Promise<void> {
  const client = await context.backups(tenant.live.offer);
  const backup = await context.backup(client, tenant);
  await client.restore(tenant.live.id, backup.id);
}

async function judgeMongo(context: IsolationContext): Promise<Outcome> {
  const tenant = await requireEngine(context, "mongodb");
  const own = command(tenant.access.login.database, { ping: 1 });
  const outcome = await judgeAttempts(context, tenant, ATTEMPTS, own);
  return outcome.verdict === "pass" ? ((await judgeWindow(context, tenant)) ?? outcome) : outcome;
}

/** IS-39: MongoDB, a tenant's user has no power. */
export const mongoCheck = isolationCheck("IS-39", {
  requirement:
    "A tenant of MongoDB has no role over other databases or the server, and nobody becomes an administrator without a login, not even while a backup is restored.",
  run: judgeMongo,
});
