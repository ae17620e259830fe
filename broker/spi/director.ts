import type { BrokerConfig } from "../config.ts";
import { BackendError, FinalError } from "../errors.ts";
import type { Host } from "../host.ts";
import { type Answer, exchange, expected, jsonOf, persistently, textOf } from "../http/client.ts";

export interface InstanceVm {
  readonly cid: string | null;
  readonly index: number;
  readonly ips: readonly string[];
}

/** The deployer: the only part of the broker that talks to a director. Every method may be called again after a failure. */
export interface Deployer {
  /** Brings a deployment to its manifest; `contextId` names the attempt, so that one whose answer was lost is found again. */
  deploy(deployment: string, manifest: string, contextId: string): Promise<void>;
  /** Deletes a deployment and its orphaned disks. Nothing happens when it is gone. */
  remove(deployment: string, contextId: string, options?: { readonly keepDisks?: boolean }): Promise<void>;
  /** The VMs of a deployment, by index. */
  vms(deployment: string): Promise<readonly InstanceVm[]>;
}

interface TaskView {
  readonly id: number;
  readonly state: string;
  readonly result: string | null;
}

const POLL_MS = 10_000;
const RUNNING = new Set(["queued", "processing", "cancelling"]);

export function createDeployer(config: BrokerConfig, host: Host): Deployer {
  const { director } = config;
  const authorization = authorizer(config, host);
  const pollMs = Math.max(1, Math.round(POLL_MS * (config.pace ?? 1)));

  const send = async (
    method: string,
    path: string,
    options: { readonly body?: string; readonly type?: string; readonly contextId?: string } = {},
  ): Promise<Answer> => {
    const headers: Record<string, string> = { authorization: await authorization() };
    if (options.type !== undefined) headers["content-type"] = options.type;
    if (options.contextId !== undefined) headers["x-bosh-context-id"] = options.contextId;
    return exchange(host, {
      method,
      url: `${director.url}${path}`,
      headers,
      ...(options.body !== undefined && { body: options.body }),
    });
  };
  const read = (path: string): Promise<Answer> => persistently(host, () => send("GET", path));

  const taskOf = async (contextId: string): Promise<TaskView | undefined> =>
    (jsonOf(expected(await read(`/tasks?context_id=${contextId}`), "tasks", 200)) as readonly TaskView[])[0];

  const follow = async (id: number): Promise<TaskView> => {
    for (;;) {
      const task = jsonOf(expected(await read(`/tasks/${id}`), `task ${id}`, 200)) as TaskView;
      if (!RUNNING.has(task.state)) return task;
      await host.sleepMs(pollMs);
    }
  };

  /** Starts the task unless it was started already, and follows it. */
  const once = async (contextId: string, start: () => Promise<Answer>): Promise<TaskView | undefined> =>
    persistently(host, async () => {
      const known = await taskOf(contextId);
      if (known !== undefined) return follow(known.id);
      const answer = await start();
      if (answer.status === 404) return undefined;
      const location = answer.headers.get("location");
      if (location === null)
        throw new FinalError(`the director answered ${answer.status}: ${textOf(answer).slice(0, 300)}`);
      return follow(Number(location.split("/").at(-1)));
    });

  const succeed = (what: string, task: TaskView | undefined): void => {
    if (task === undefined || task.state === "done") return;
    throw new FinalError(`${what}: the director's task ${task.id} ended in ${task.state}: ${task.result ?? ""}`);
  };

  const removeDisks = async (deployment: string): Promise<void> => {
    const disks = jsonOf(expected(await read("/disks"), "disks", 200)) as readonly {
      disk_cid: string;
      deployment_name: string;
    }[];
    for (const { disk_cid: cid } of disks.filter((disk) => disk.deployment_name === deployment)) {
      const contextId = `${deployment}-${cid}`.slice(0, 64);
      succeed(`delete disk ${cid}`, await once(contextId, () => send("DELETE", `/disks/${cid}`, { contextId })));
    }
  };

  return {
    async deploy(deployment, manifest, contextId) {
      succeed(
        `deploy ${deployment}`,
        await once(contextId, () => send("POST", "/deployments", { body: manifest, type: "text/yaml", contextId })),
      );
    },
    async remove(deployment, contextId, options) {
      succeed(
        `delete ${deployment}`,
        await once(contextId, () => send("DELETE", `/deployments/${deployment}?force=true`, { contextId })),
      );
      if (options?.keepDisks !== true) await removeDisks(deployment);
    },
    async vms(deployment) {
      const answer = await read(`/deployments/${deployment}/instances`);
      if (answer.status === 404) return [];
      const rows = jsonOf(expected(answer, "instances", 200)) as readonly (InstanceVm & { readonly job: string })[];
      return rows.map(({ cid, index, ips }) => ({ cid, index, ips })).sort((a, b) => a.index - b.index);
    },
  };
}

/** The value of the Authorization header; a token is renewed before it ends. */
function authorizer({ director }: BrokerConfig, host: Host): () => Promise<string> {
  const basic = `Basic ${Buffer.from(`${director.client}:${director.clientSecret}`).toString("base64")}`;
  const { uaaUrl } = director;
  if (uaaUrl === undefined) return () => Promise.resolve(basic);
  let bearer = { value: "", untilMs: 0 };
  return async () => {
    if (host.nowMs() < bearer.untilMs) return bearer.value;
    const headers = {
      authorization: basic,
      accept: "application/json",
      "content-type": "application/x-www-form-urlencoded",
    };
    const answer = await exchange(host, {
      method: "POST",
      url: `${uaaUrl}/oauth/token`,
      headers,
      body: "grant_type=client_credentials",
    });
    const token = jsonOf(expected(answer, "UAA", 200)) as {
      token_type: string;
      access_token: string;
      expires_in: number;
    };
    if (typeof token.access_token !== "string") throw new BackendError("UAA gave no token");
    bearer = {
      value: `${token.token_type} ${token.access_token}`,
      untilMs: host.nowMs() + (token.expires_in - 15) * 1000,
    };
    return bearer.value;
  };
}
