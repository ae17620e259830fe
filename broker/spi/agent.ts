import { BackendError } from "../errors.ts";
import type { Host } from "../host.ts";
import { type BackendAnswer, exchange, expectStatus, retryWhileDown } from "../http/client.ts";
import { AGENT_PORT, AGENT_USER } from "./manifest.ts";

/** The agent on the first VM of an instance. Every method may be called again after a failure. */
export interface InstanceAgent {
  ready(): Promise<void>;
  putCredentials(username: string, password: string, database: string): Promise<void>;
  deleteCredentials(username: string): Promise<void>;
  dump(): Promise<Uint8Array>;
  restore(dump: Uint8Array): Promise<void>;
}

export function instanceAgent(host: Host, ip: string, password: string): InstanceAgent {
  const authorization = `Basic ${Buffer.from(`${AGENT_USER}:${password}`).toString("base64")}`;
  const send = (
    method: string,
    path: string,
    options: { json?: unknown; body?: Uint8Array } = {},
  ): Promise<BackendAnswer> =>
    retryWhileDown(host, async () => {
      const headers = { authorization, ...(options.body && { "content-type": "application/octet-stream" }) };
      const answer = await exchange(host, { method, url: `http://${ip}:${AGENT_PORT}${path}`, headers, ...options });
      // A VM that comes up answers for a while as one that is not there. No 404 of an agent says that its work is done: it deletes again.
      if (answer.status === 404) throw new BackendError(`no agent at ${ip}: ${method} ${path} answered 404`);
      return answer;
    });
  return {
    ready: async () => void expectStatus(await send("GET", "/v1/status"), "status", 200),
    putCredentials: async (username, secret, database) =>
      void expectStatus(
        await send("PUT", `/v1/credentials/${username}`, { json: { password: secret, database } }),
        "credentials",
        200,
        201,
      ),
    deleteCredentials: async (username) =>
      void expectStatus(await send("DELETE", `/v1/credentials/${username}`), "credentials", 204),
    dump: async () => expectStatus(await send("POST", "/v1/dumps"), "dump", 200).bytes,
    restore: async (dump) => void expectStatus(await send("POST", "/v1/restores", { body: dump }), "restore", 200),
  };
}
