import { type Attempt, judgeAttempts, requireEngine } from "../engine-attempts.ts";
import { isolationCheck } from "../plan.ts";

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

/** IS-38: a tenant's user has no power. */
export const redisCheck = isolationCheck("IS-38", {
  requirement:
    "A tenant of Redis can't change settings, modules, users or roles, see anybody's commands, or escape from a script.",
  run: async (context) => judgeAttempts(context, await requireEngine(context, "redis"), ATTEMPTS),
});
