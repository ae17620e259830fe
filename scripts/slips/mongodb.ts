import type { Slip } from "./slip.ts";

const ROOM = "simulators/dataservices/live/mongodb";
const STORAGE = [`${ROOM}/storage`];
const DRIVER = [`${ROOM}/driver.test.ts`];
const NODE = [`${ROOM}/node.test.ts`];
const WIRE = [`${ROOM}/wire`];

/** Slips in the embedded document engine. */
export const MONGODB_SLIPS: readonly Slip[] = [
  {
    id: "mongodb-lost-update",
    breaks: "a transaction fails if another one has committed a change to the same document since it began",
    file: `${ROOM}/storage/store.ts`,
    from: "if (there.newest !== undefined && there.newest.at > by.snapshot) throw writeConflict();",
    to: "",
    tests: STORAGE,
  },
  {
    id: "mongodb-dirty-read",
    breaks: "a change is invisible before its transaction is committed",
    file: `${ROOM}/storage/records.ts`,
    from: "if (transaction !== undefined && record.pending?.by === transaction) return record.pending.document;",
    to: "if (record.pending !== undefined) return record.pending.document;",
    tests: STORAGE,
  },
  {
    id: "mongodb-unique-across-transactions",
    breaks: "a unique key that an open transaction has taken is not free",
    file: `${ROOM}/storage/index.ts`,
    from: "if (other.pending !== undefined && other.pending.by !== by) by.meet(other.pending.by);",
    to: "if (other.pending !== undefined && other.pending.by !== by) continue;",
    tests: STORAGE,
  },
  {
    id: "mongodb-retry-twice",
    breaks: "a retryable write that is repeated is done once",
    file: `${ROOM}/commands/statements.ts`,
    from: "if (before !== undefined) return before;",
    to: "",
    tests: DRIVER,
  },
  {
    id: "mongodb-torn-log-read",
    breaks: "a log entry with a wrong checksum is not read",
    file: `${ROOM}/storage/frames.ts`,
    from: "if (crc32c(body) !== bytes.readUInt32LE(at + 4)) break;",
    to: "",
    tests: STORAGE,
  },
  {
    id: "mongodb-tenant-elsewhere",
    breaks: "a role applies only to its own database",
    file: `${ROOM}/auth/roles.ts`,
    from: ": db === database;",
    to: ": true;",
    tests: NODE,
  },
  {
    id: "mongodb-sessions-outlive-user",
    breaks: "the connections of a removed user end",
    file: `${ROOM}/server/server.ts`,
    from: "if (client.principal !== undefined && credential !== this.#credentialOf(client)) this.disconnect(client);",
    to: "if (credential === undefined) this.disconnect(client);",
    tests: NODE,
  },
  {
    id: "mongodb-acknowledged-alone",
    breaks: "a write is acknowledged once a voter has it",
    file: `${ROOM}/replica.ts`,
    from: "return voters.length === 0 || voters.some((each) => reached.includes(each));",
    to: "return true;",
    tests: [`${ROOM}/replica.test.ts`],
  },
  {
    id: "mongodb-secondary-writes",
    breaks: "a secondary refuses writes",
    file: `${ROOM}/commands/dispatch.ts`,
    from: "if (server.membership.isPrimary) return;",
    to: "return;",
    tests: [`${ROOM}/replica.test.ts`],
  },
  {
    id: "mongodb-length-unchecked",
    breaks: "a document that claims to be longer than its message is refused",
    file: `${ROOM}/wire/decode.ts`,
    from: "if (length < DOCUMENT_BYTES_MIN || to > end || this.#bytes[to - 1] !== 0)",
    to: "if (length < DOCUMENT_BYTES_MIN)",
    tests: WIRE,
  },
];
