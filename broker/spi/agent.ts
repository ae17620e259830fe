import Type from "typebox";
import { Compile } from "typebox/compile";
import { BackendError, FinalError } from "../errors.ts";
import type { Host } from "../host.ts";
import { basicAuthorization } from "../http/authorization.ts";
import {
  type BackendAnswer,
  type BackendRequest,
  bodyOf,
  type Bytes,
  describeAnswer,
  exchange,
  exchangeStream,
  exchangeUpload,
  expectStatus,
  retryWhileDown,
} from "../http/client.ts";
import { agentReason } from "../http/refusals.ts";
import { AGENT_PORT, AGENT_USER } from "./manifest.ts";

/**
 * The agent on the VM of an instance's primary, which manages its data service. Every method may be called again after a failure, and
 * throws BackendError while the agent is down, FinalError when it refuses.
 */
export interface InstanceAgent {
  /** Resolves when the data service serves. `ca`: the authority that its clients have to trust, PEM; undefined if it does not encrypt. */
  ready(): Promise<{ readonly ca: string | undefined }>;
  /** Creates a user, or sets its password. */
  putCredentials(username: string, password: string, database: string): Promise<void>;
  /** Deletes a user and ends its sessions; does nothing if there is none. */
  deleteCredentials(username: string): Promise<void>;
  /** The names of its users. */
  users(): Promise<readonly string[]>;
  /** All data as of one moment, as it comes; a dump that breaks off throws BackendError. */
  dump(): Promise<AsyncIterable<Bytes>>;
  /** Replaces the data with that of a dump, once for each name. */
  restore(order: AgentRestore): Promise<void>;
  /** Whether the restore of this name was done. */
  isRestored(name: string): Promise<boolean>;
  /** Finishes the log of an instance that keeps one, and lists what can be collected. */
  finishLog(): Promise<FinishedLog>;
  readLog(file: string): Promise<Bytes>;
  forgetLog(file: string): Promise<void>;
  /** Sends a file of a log ahead of the restore that will need it. */
  sendLog(restore: string, file: string, bytes: Bytes): Promise<void>;
}

/** The input of an agent's restore. */
interface AgentRestore {
  /** A second request under the same name does nothing. */
  readonly name: string;
  /** Called for each attempt. */
  readonly dump: () => AsyncIterable<Bytes>;
  /** A moment after the dump, whose log was sent ahead; ms since the Unix epoch. */
  readonly atMs?: number;
}

const LOG_FILE = Compile(Type.Object({ file: Type.String() }));
const FINISHED_LOG = Compile(Type.Object({ files: Type.Array(Type.String()), until_ms: Type.Number() }));
/** Files of a log that can be collected, oldest first, and the moment up to which they lead. */
interface FinishedLog {
  readonly files: readonly string[];
  /** ms since the Unix epoch, by the instance's clock. */
  readonly untilMs: number;
}

/** How to reach an agent. */
interface AgentLink {
  readonly host: Host;
  readonly ip: string;
  readonly headers: { readonly authorization: string };
  readonly urlOf: (path: string) => string;
  /** A VM that is starting looks as if it were missing for a while. A 404 from an agent never means that the work is done: delete again. */
  readonly noAgent: (what: string) => BackendError;
  /** @throws BackendError */
  readonly send: (
    method: string,
    path: string,
    options?: Pick<BackendRequest, "json"> & { readonly body?: Bytes },
  ) => Promise<BackendAnswer>;
}

function linkTo(host: Host, ip: string, password: string): AgentLink {
  const headers = { authorization: basicAuthorization(AGENT_USER, password) };
  const urlOf = (path: string): string => `http://${ip}:${AGENT_PORT}${path}`;
  const noAgent = (what: string): BackendError => new BackendError(`no agent at ${ip}: ${what} answered 404`);
  return {
    host,
    ip,
    headers,
    urlOf,
    noAgent,
    send: (method, path, options = {}) =>
      retryWhileDown(host, async () => {
        const typed = { ...headers, ...(options.body && { "content-type": "application/octet-stream" }) };
        const answer = await exchange(host, { method, url: urlOf(path), headers: typed, ...options });
        if (answer.status === 404) throw noAgent(`${method} ${path}`);
        return requirePrimary(answer, ip);
      }),
  };
}

/** The primary may have moved meanwhile; the operation then looks for it again. @throws BackendError */
function requirePrimary(answer: BackendAnswer, ip: string): BackendAnswer {
  if (agentReason(answer) === "not_primary") throw new BackendError(`the data service at ${ip} is not a primary`);
  return answer;
}

/**
 * Reaches the agent of an instance.
 *
 * @param ip the address of the VM with the primary
 */
export function instanceAgent(host: Host, ip: string, password: string): InstanceAgent {
  const link = linkTo(host, ip, password);
  const { send } = link;
  return {
    async ready() {
      const { tls } = bodyOf(expectStatus(await send("GET", "/v1/status"), "status", 200), STATUS);
      return { ca: tls?.ca };
    },
    async putCredentials(username, secret, database) {
      const json = { password: secret, database };
      // Anything else that answers at the address has created or deleted no user, whatever the status.
      requireUser(await send("PUT", `/v1/credentials/${username}`, { json }), ip, username);
    },
    async deleteCredentials(username) {
      requireUser(await send("DELETE", `/v1/credentials/${username}`), ip, username);
    },
    async users() {
      return bodyOf(expectStatus(await send("GET", "/v1/credentials"), "credentials", 200), USERS).usernames;
    },
    ...dumpsOver(link),
    ...logOver(link),
  };
}

/** An answer that names the user that something was done to. @throws BackendError */
function requireUser(answer: BackendAnswer, ip: string, username: string): void {
  const { username: named } = bodyOf(expectStatus(answer, "credentials", 200, 201), CREDENTIALS);
  if (named !== username) throw new BackendError(`${ip} answered for another user`);
}

const USERS = Compile(Type.Object({ usernames: Type.Array(Type.String()) }));
const CREDENTIALS = Compile(Type.Object({ username: Type.String() }));
/** An agent's report about its node. */
export const STATUS = Compile(
  Type.Object({
    role: Type.String(),
    phase: Type.Optional(Type.String()),
    tls: Type.Optional(Type.Object({ ca: Type.String() })),
  }),
);
const RESTORE_STATE = Compile(Type.Object({ restored: Type.Boolean(), running: Type.Optional(Type.Boolean()) }));

/** An agent labels data as mere bytes, which a page that happens to say "200" does not. */
const isBytes = (headers: Headers): boolean => headers.get("content-type") === "application/octet-stream";

type DumpMethods = Pick<InstanceAgent, "dump" | "restore" | "isRestored">;

const dumpsOver = ({ host, ip, headers, urlOf, noAgent }: AgentLink): DumpMethods => ({
  dump: () =>
    retryWhileDown(host, async () => {
      const answer = await exchangeStream(host, { method: "POST", url: urlOf("/v1/dumps"), headers });
      if (answer.status === 404) throw noAgent("dump");
      if (answer.status === 200 && isBytes(answer.headers)) return answer.chunks;
      const refusal = requirePrimary({ ...answer, bytes: await readWhole(answer.chunks) }, ip);
      if (answer.status === 200) throw new BackendError(describeAnswer(refusal, "dump"));
      throw new FinalError(describeAnswer(refusal, "dump"));
    }),
  async isRestored(name) {
    const answer = await exchange(host, { method: "GET", url: urlOf(`/v1/restores/${name}`), headers });
    if (answer.status === 404) return false;
    const { running } = bodyOf(expectStatus(answer, "restore", 200), RESTORE_STATE);
    // It continues although its answer was lost; a second one would do it again.
    if (running === true) throw new BackendError("the restore is in progress");
    return true;
  },
  async restore({ name, dump, atMs }) {
    const own = { ...headers, "content-type": "application/octet-stream", "idempotency-key": name };
    const url = urlOf(`/v1/restores${atMs === undefined ? "" : `?at_ms=${atMs}`}`);
    const answer = await exchangeUpload(host, { method: "POST", url, headers: own }, dump());
    if (answer.status === 404) throw noAgent("restore");
    const { restored } = bodyOf(expectStatus(requirePrimary(answer, ip), "restore", 200), RESTORE_STATE);
    if (!restored) throw new BackendError(`${ip} has not restored`);
  },
});

type LogMethods = Pick<InstanceAgent, "finishLog" | "readLog" | "forgetLog" | "sendLog">;

const logOver = ({ send }: AgentLink): LogMethods => ({
  async finishLog() {
    const answer = expectStatus(await send("POST", "/v1/log"), "log", 200);
    const { files, until_ms: untilMs } = bodyOf(answer, FINISHED_LOG);
    return { files, untilMs };
  },
  async readLog(file) {
    const answer = expectStatus(await send("GET", `/v1/log/${file}`), "log", 200);
    if (!isBytes(answer.headers)) throw new BackendError(describeAnswer(answer, "log"));
    return answer.bytes;
  },
  async forgetLog(file) {
    bodyOf(expectStatus(await send("DELETE", `/v1/log/${file}`), "log", 200), LOG_FILE);
  },
  async sendLog(restore, file, body) {
    bodyOf(expectStatus(await send("PUT", `/v1/restores/${restore}/log/${file}`, { body }), "log", 200), LOG_FILE);
  },
});

async function readWhole(chunks: AsyncIterable<Bytes>): Promise<Bytes> {
  const all: Bytes[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}
