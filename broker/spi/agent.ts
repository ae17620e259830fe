import Type from "typebox";
import { Compile } from "typebox/compile";
import { BackendError } from "../errors.ts";
import type { Host } from "../host.ts";
import { basicAuthorization } from "../http/authorization.ts";
import {
  type BackendAnswer,
  type BackendRequest,
  bodyOf,
  type Bytes,
  exchange,
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
  /** Resolves when the data service serves. */
  ready(): Promise<void>;
  /** Creates a user, or sets its password. */
  putCredentials(username: string, password: string, database: string): Promise<void>;
  /** Deletes a user and ends its sessions; does nothing when there is none. */
  deleteCredentials(username: string): Promise<void>;
  dump(): Promise<Bytes>;
  /** Replaces the data with that of a dump. */
  restore(dump: Bytes): Promise<void>;
}

/**
 * Reaches the agent of an instance.
 *
 * @param ip the address of the VM with the primary
 */
export function instanceAgent(host: Host, ip: string, password: string): InstanceAgent {
  const authorization = basicAuthorization(AGENT_USER, password);
  const send = (
    method: string,
    path: string,
    options: Pick<BackendRequest, "json"> & { readonly body?: Bytes } = {},
  ): Promise<BackendAnswer> =>
    retryWhileDown(host, async () => {
      const headers = { authorization, ...(options.body && { "content-type": "application/octet-stream" }) };
      const answer = await exchange(host, { method, url: `http://${ip}:${AGENT_PORT}${path}`, headers, ...options });
      // A VM that is starting answers for a while as if it were missing. A 404 from an agent never means that the work is done: delete again.
      if (answer.status === 404) throw new BackendError(`no agent at ${ip}: ${method} ${path} answered 404`);
      // The primary has moved meanwhile: the operation looks for it again.
      if (agentReason(answer) === "not_primary") throw new BackendError(`the data service at ${ip} is no primary`);
      return answer;
    });
  return {
    async ready() {
      expectStatus(await send("GET", "/v1/status"), "status", 200);
    },
    async putCredentials(username, secret, database) {
      const json = { password: secret, database };
      expectStatus(await send("PUT", `/v1/credentials/${username}`, { json }), "credentials", 200, 201);
    },
    async deleteCredentials(username) {
      expectStatus(await send("DELETE", `/v1/credentials/${username}`), "credentials", 204);
    },
    dump: async () => expectStatus(await send("POST", "/v1/dumps"), "dump", 200).bytes,
    async restore(dump) {
      expectStatus(await send("POST", "/v1/restores", { body: dump }), "restore", 200);
    },
  };
}

const STATUS = Compile(Type.Object({ role: Type.String(), phase: Type.Optional(Type.String()) }));

/**
 * Finds the node of an instance that is the primary now: its agents say what each is.
 *
 * @param addresses of its VMs
 * @throws BackendError while there is none, as in the moment of a fail-over
 */
export function findPrimary(host: Host, addresses: readonly string[], password: string): Promise<string> {
  const authorization = basicAuthorization(AGENT_USER, password);
  const isPrimary = async (ip: string): Promise<boolean> => {
    const url = `http://${ip}:${AGENT_PORT}/v1/status`;
    const answer = await exchange(host, { method: "GET", url, headers: { authorization } }).catch(() => undefined);
    if (answer?.status !== 200) return false;
    const { role, phase } = bodyOf(answer, STATUS);
    return (phase ?? role) === "primary";
  };
  return retryWhileDown(host, async () => {
    for (const ip of addresses) if (await isPrimary(ip)) return ip;
    throw new BackendError(`none of ${addresses.join(", ")} is the primary at present`);
  });
}
