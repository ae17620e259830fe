import type { Slip } from "./slip.ts";

const LIVE = "simulators/dataservices/live/redis";

/** Slips in Redis, served by a server of the machine or by our own engine. */
export const REDIS_SLIPS: readonly Slip[] = [
  {
    id: "redis-tenant-is-admin",
    breaks: "a tenant may run commands on its data, but none on the server",
    file: `${LIVE}/acl.ts`,
    from: '"-@admin", "-@dangerous", ',
    to: "",
    tests: [`${LIVE}/server.test.ts`],
  },
  {
    id: "redis-deleted-user-stays",
    breaks: "a deleted user is gone from the server",
    file: `${LIVE}/server.ts`,
    from: "if (gone.length > 0) await",
    to: "if (gone.length > 99) await",
    tests: [`${LIVE}/server.test.ts`],
  },
  {
    id: "redis-restore-not-undone",
    breaks: "a restore that the server refuses brings back the previous data",
    file: `${LIVE}/node.ts`,
    from: "await rename(join(data, PREVIOUS), join(data, AOF_FOLDER));",
    to: "",
    tests: [`${LIVE}/server.test.ts`],
  },
  {
    id: "redis-embedded-list-order",
    breaks: "LPUSH puts each element before the previous one",
    file: `${LIVE}/embedded/commands/lists.ts`,
    from: "items.unshift(text)",
    to: "items.push(text)",
    tests: [`${LIVE}/embedded/oracle.test.ts`],
  },
  {
    id: "redis-embedded-watch-blind",
    breaks: "a transaction is aborted if a key that it watches is touched",
    file: `${LIVE}/embedded/dispatcher.ts`,
    from: "if (isTouched) return NIL_ARRAY;",
    to: "",
    tests: [`${LIVE}/embedded/sessions.test.ts`],
  },
  {
    id: "redis-embedded-late-first",
    breaks: "whoever has waited longest is served first",
    file: `${LIVE}/embedded/dispatcher.ts`,
    from: "    this.sessions.delete(session);\n    this.sessions.add(session);\n    session.waiting",
    to: "    session.waiting",
    tests: [`${LIVE}/embedded/sessions.test.ts`],
  },
];
