/** One way in which a database shows that it is temporarily unavailable. */
interface Sign {
  /** The meaning of a code, and where it is defined. */
  readonly means: string;
  /** Codes, or beginnings of codes: SQLSTATE of the server, `code` of an error of the machine. */
  readonly codes?: readonly string[];
  /** The message without which the code means something else. */
  readonly says?: string;
  /** Beginnings of messages of errors that carry no code. */
  readonly messages?: readonly string[];
  /** System call without which the code means something else. */
  readonly syscall?: string;
}

/**
 * SQLSTATE: PostgreSQL documentation, appendix A "PostgreSQL Error Codes". System errors: errno(3), connect(2), unix(7), getaddrinfo(3),
 * with the names that Node.js gives them. Messages: the packages pg and pg-pool, which give these errors no code.
 */
const SIGNS: readonly Sign[] = [
  { means: "class 08, connection exception", codes: ["08"] },
  { means: "class 28, invalid authorization: the login is being changed", codes: ["28"] },
  { means: "3D000, the database does not exist: it is being recreated", codes: ["3D000"] },
  { means: "25006, read-only transaction: the server has become a standby", codes: ["25006"] },
  {
    means: "0A000 of a prepared statement: a newer broker has changed a table; a new connection prepares it again",
    codes: ["0A000"],
    says: "cached plan must not change result type",
  },
  { means: "class 40, transaction rollback: another one was in the way", codes: ["40"] },
  { means: "class 53, insufficient resources: connections, memory, disk", codes: ["53"] },
  { means: "55P03, a lock that was not available in time", codes: ["55P03"] },
  { means: "class 57, operator intervention: shutdown, crash, start, a statement that was cancelled", codes: ["57"] },
  { means: "class 58, system error outside of PostgreSQL", codes: ["58"] },
  {
    means: "nobody listens, or the connection was cut",
    codes: ["ECONNREFUSED", "ECONNRESET", "ECONNABORTED", "EPIPE"],
  },
  { means: "the connection is closed already", codes: ["ENOTCONN", "ESHUTDOWN", "ERR_STREAM_DESTROYED"] },
  {
    means: "the network is away",
    codes: ["ETIMEDOUT", "EHOSTUNREACH", "EHOSTDOWN", "ENETUNREACH", "ENETDOWN", "ENETRESET"],
  },
  { means: "the name of the host can not be resolved", codes: ["ENOTFOUND", "EAI_"] },
  {
    means: "a Unix socket that is gone, was left by a server that ended, or can not be reached yet",
    syscall: "connect",
    codes: ["ENOENT", "ENOTSOCK", "EACCES", "ENOTDIR"],
  },
  {
    means: "no room for one more connection here",
    syscall: "connect",
    codes: ["EAGAIN", "EADDRNOTAVAIL", "ENOBUFS", "ENOMEM"],
  },
  { means: "too many open files", codes: ["EMFILE", "ENFILE"] },
  {
    means: "pg: the connection broke, or was broken before the statement",
    messages: [
      "Connection terminated",
      "Client has encountered a connection error and is not queryable",
      "Client was closed and is not queryable",
      "There was an error establishing an SSL connection",
    ],
  },
  {
    means: "pg: no answer in time",
    messages: ["timeout expired", "timeout exceeded when trying to connect", "Query read timeout"],
  },
];

function shows(sign: Sign, code: string, syscall: string, message: string): boolean {
  if (sign.syscall !== undefined && sign.syscall !== syscall) return false;
  if (sign.says !== undefined && sign.says !== message) return false;
  if (code !== "") return sign.codes?.some((each) => code.startsWith(each)) ?? false;
  return sign.messages?.some((each) => message.startsWith(each)) ?? false;
}

/**
 * Whether an error of `pg` says that the database is temporarily unavailable: stopping, starting, cut off, out of connections. Then the same may be
 * tried again. A statement in flight may have been executed nonetheless.
 */
export function isOutage(error: unknown): boolean {
  // A name with several addresses: each failed in its own way.
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.every(isOutage);
  if (!(error instanceof Error)) return false;
  const code = "code" in error ? String(error.code) : "";
  const syscall = "syscall" in error ? String(error.syscall) : "";
  return SIGNS.some((sign) => shows(sign, code, syscall, error.message));
}
