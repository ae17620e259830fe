import { DataError } from "../../../data/plane.ts";
import type { TableRows } from "../../../data/statement.ts";
import { type Evidence, fail, notApplicable, type Outcome, pass } from "../../../runner/check.ts";
import type { IsolationContext } from "../context.ts";
import { runNative } from "../attempts.ts";
import { isolationCheck } from "../plan.ts";

/** A command that a tenant tries, and what undoes it. */
interface Attempt {
  readonly what: string;
  readonly command: string;
  readonly after?: string;
  /** An error that only an authorised user gets. */
  readonly betrayal?: RegExp;
  /** Whether the answer shows that it worked. Default: it was not refused. */
  readonly gains?: (rows: TableRows) => boolean;
}

const ATTEMPTS: readonly Attempt[] = [
  { what: "a setting of the server", command: "CONFIG SET dir /tmp" },
  { what: "the settings of the server", command: "CONFIG GET requirepass", gains: (rows) => rows.length > 0 },
  { what: "a module", command: "MODULE LOAD /tmp/drydock.so", betrayal: /loading the extension/ },
  { what: "another primary", command: "REPLICAOF 127.0.0.1 1", after: "REPLICAOF NO ONE" },
  { what: "a crash on purpose", command: "DEBUG SLEEP 0" },
  { what: "the users of the server", command: "ACL LIST", gains: (rows) => rows.length > 0 },
  {
    what: "a user that it creates itself",
    command: "ACL SETUSER drydock on nopass ~* +@all",
    after: "ACL DELUSER drydock",
  },
  { what: "the commands of all clients", command: "MONITOR" },
  { what: "files through a script", command: "EVAL \"return io.open('/etc/hostname'):read()\" 0" },
  { what: "programs through a script", command: "EVAL \"return os.execute('true')\" 0" },
  {
    what: "libraries through a script",
    command: "EVAL \"return package.loadlib('/lib/x86_64-linux-gnu/liblua5.1.so.0', 'luaopen_io')\" 0",
  },
];

/** Tries everything, each in a session of its own: a command with an endless answer would drown the next one's. */
async function judgeRedis(context: IsolationContext): Promise<Outcome> {
  const offer = await context.requireUsableOffer();
  const tenant = await context.tenant(offer);
  if (tenant.access.login.client !== "redis") return notApplicable("the service is not Redis", tenant.bound);
  const evidence: Evidence[] = [];
  for (const { what, command, after, betrayal, gains = () => true } of ATTEMPTS) {
    const outcome = await context.inSession(tenant, async (session) => {
      const result = await runNative(session, command);
      const step = context.lastStep();
      if (after !== undefined && !(result instanceof DataError)) await runNative(session, after);
      evidence.push(...step);
      if (result instanceof DataError && result.fault === "lost")
        return fail("a server that survives what a tenant tries", `${what}: the session is lost`, ...step);
      const isGain = result instanceof DataError ? betrayal?.test(result.message) === true : gains(result);
      return isGain ? fail("a tenant to be refused", what, ...step) : undefined;
    });
    if (outcome !== undefined) return outcome;
  }
  return pass(...evidence);
}

/** IS-38: a tenant's user has no power. */
export const redisCheck = isolationCheck("IS-38", {
  requirement:
    "A tenant of Redis can't change settings, modules, users or roles, see anybody's commands, or escape from a script.",
  run: judgeRedis,
});
