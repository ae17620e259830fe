import { BackendError } from "../errors.ts";
import type { Host } from "../host.ts";
import { basicAuthorization } from "../http/authorization.ts";
import {
  type BackendAnswer,
  type BackendRequest,
  type Bytes,
  exchange,
  expectStatus,
  retryWhileDown,
} from "../http/client.ts";
import { AGENT_PORT, AGENT_USER } from "./manifest.ts";

/**
 * The agent on the first VM of an instance, which manages its data service. Every method may be called again after a failure, and
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
 * @param ip the address of the instance's first VM
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
