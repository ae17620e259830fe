import { createHash } from "node:crypto";
import type { BrokerConfig } from "../config.ts";
import { BackendError, FinalError } from "../errors.ts";
import type { Host } from "../host.ts";
import { type Answer, exchange, expected, jsonOf, persistently, textOf } from "../http/client.ts";
import { DIRECTOR_CODES, directorCode } from "../http/refusals.ts";

export interface InstanceVm {
  readonly cid: string | null;
  readonly index: number;
  readonly ips: readonly string[];
}

/** The deployer: the only part of the broker that talks to a director. Every method may be called again after a failure. */
export interface Deployer {
  /**
   * Brings a deployment to its manifest; `contextId` names the attempt, so that one whose answer was lost is found again. `meanwhile` is
   * called again and again while the task goes on; what a backend does not do for it at once may be done the next time.
   */
  deploy(deployment: string, manifest: string, contextId: string, meanwhile?: Meanwhile): Promise<void>;
  /** Cancels what goes on under this context id. What is cancelled fails. */
  cancel(contextId: string): Promise<void>;
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

/** Undefined when there is nothing to do. */
type Start = (failed: number) => Promise<Answer | undefined>;
type Meanwhile = () => Promise<void>;

const POLL_MS = 10_000;
const RUNNING = new Set(["queued", "processing", "cancelling"]);
/** After this a task is cancelled: its worker is dead or it waits for something that will not come. Less than the catalog's maximum_polling_duration. */
const TASK_MS_MAX = 90 * 60_000;
const CANCEL_MS_MAX = 5 * 60_000;
/** A deploy that failed is told to the platform; a deletion that failed leaves what costs, so it is tried again, for about an hour. */
const DELETE_TRIES_MAX = 20;
/** From this try on the director is told to go on where an agent or the IaaS fails; it writes down what it could not delete. */
const FORCED_FROM_TRY = 3;
/** The pause before a try: twice as long each time, up to a limit. */
const RETRY_MS = 5_000;
const RETRY_MS_MAX = 5 * 60_000;

export function createDeployer(config: BrokerConfig, host: Host): Deployer {
  const { director } = config;
  const authorization = authorizer(config, host);

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
  const task = async (id: number): Promise<TaskView> =>
    jsonOf(expected(await read(`/tasks/${id}`), `task ${id}`, 200)) as TaskView;

  /** A task that has ended meanwhile can't be cancelled, which is as good; so is one that the director has forgotten. */
  const cancel = async (id: number): Promise<void> => {
    const answer = await persistently(host, () => send("DELETE", `/task/${id}`));
    const hasEnded = answer.status === 400 && textOf(answer).startsWith(`Cannot cancel task ${id}:`);
    if (!hasEnded && directorCode(answer) !== DIRECTOR_CODES.taskNotFound) expected(answer, `task ${id}`, 204);
  };

  /** The tasks of this context, newest first. */
  const tasksOf = async (contextId: string): Promise<readonly TaskView[]> =>
    jsonOf(
      expected(await send("GET", `/tasks?verbose=2&context_id=${contextId}`), "tasks", 200),
    ) as readonly TaskView[];

  const ended = async (id: number, waitMsMax: number, meanwhile?: Meanwhile): Promise<TaskView | undefined> => {
    const deadlineMs = host.nowMs() + waitMsMax;
    for (;;) {
      const view = await task(id);
      if (!RUNNING.has(view.state)) return view;
      if (host.nowMs() >= deadlineMs) return undefined;
      await meanwhile?.().catch(mayFailForNow);
      await host.sleepMs(POLL_MS);
    }
  };

  /** Waits for the end of a task; one that doesn't come to it is cancelled. */
  const follow = async (id: number, meanwhile?: Meanwhile): Promise<TaskView> => {
    const view = await ended(id, TASK_MS_MAX, meanwhile);
    if (view !== undefined) return view;
    await cancel(id);
    const cancelled = await ended(id, CANCEL_MS_MAX);
    if (cancelled !== undefined) return cancelled;
    throw new FinalError(`the director's task ${id} neither ends nor can be cancelled`);
  };

  /** The newest task of this context, started unless there is one that goes on or has succeeded; undefined when there is nothing to do. */
  const begun = (contextId: string, triesMax: number, start: Start): Promise<TaskView | undefined> =>
    persistently(host, async () => {
      const known = await tasksOf(contextId);
      const [newest] = known;
      if (newest !== undefined && (RUNNING.has(newest.state) || newest.state === "done" || known.length >= triesMax))
        return newest;
      if (newest !== undefined) await host.sleepMs(Math.min(RETRY_MS_MAX, RETRY_MS * 2 ** known.length));
      const answer = await start(known.length);
      if (answer === undefined) return undefined;
      const location = answer.headers.get("location");
      if (location === null)
        throw new FinalError(`the director answered ${answer.status}: ${textOf(answer).slice(0, 300)}`);
      return { id: Number(location.split("/").at(-1)), state: "queued", result: null };
    });

  /**
   * Runs a task to its success. The context id leads back to what was started before, also by a process that is gone, so that nothing is
   * done twice and tries are counted. @throws FinalError once `triesMax` tasks have failed
   */
  const carry = async (
    what: string,
    contextId: string,
    triesMax: number,
    start: Start,
    meanwhile?: Meanwhile,
  ): Promise<void> => {
    for (;;) {
      const view = await begun(contextId, triesMax, start);
      if (view === undefined) return;
      const { id, state, result } = RUNNING.has(view.state) ? await follow(view.id, meanwhile) : view;
      if (state === "done") return;
      if (!RUNNING.has(view.state) || triesMax === 1)
        throw new FinalError(`${what}: the director's task ${id} ended in ${state}: ${result ?? ""}`);
    }
  };

  const removeDisks = async (deployment: string, contextId: string): Promise<void> => {
    const disks = jsonOf(expected(await read("/disks"), "disks", 200)) as readonly {
      disk_cid: string;
      deployment_name: string;
    }[];
    for (const { disk_cid: cid } of disks.filter((disk) => disk.deployment_name === deployment)) {
      const context = digest(`${contextId} ${cid}`);
      await carry(`delete disk ${cid}`, context, DELETE_TRIES_MAX, () =>
        send("DELETE", `/disks/${cid}`, { contextId: context }),
      );
    }
  };

  return {
    deploy: (deployment, manifest, contextId, meanwhile) =>
      carry(
        `deploy ${deployment}`,
        contextId,
        1,
        () => send("POST", "/deployments", { body: manifest, type: "text/yaml", contextId }),
        meanwhile,
      ),
    async cancel(contextId) {
      const [newest] = await persistently(host, () => tasksOf(contextId));
      if (newest !== undefined && RUNNING.has(newest.state)) await cancel(newest.id);
    },
    async remove(deployment, contextId, options) {
      await carry(`delete ${deployment}`, contextId, DELETE_TRIES_MAX, async (failed) => {
        const force = failed + 1 >= FORCED_FROM_TRY ? "?force=true" : "";
        const answer = await send("DELETE", `/deployments/${deployment}${force}`, { contextId });
        return isGone(answer) ? undefined : answer;
      });
      if (options?.keepDisks !== true) await removeDisks(deployment, contextId);
    },
    async vms(deployment) {
      const answer = await read(`/deployments/${deployment}/instances`);
      if (isGone(answer)) return [];
      const rows = jsonOf(expected(answer, "instances", 200)) as readonly (InstanceVm & { readonly job: string })[];
      return rows.map(({ cid, index, ips }) => ({ cid, index, ips })).sort((a, b) => a.index - b.index);
    },
  };
}

/** There is no such deployment. Another 404 is no answer to the question. */
const isGone = (answer: Answer): boolean => directorCode(answer) === DIRECTOR_CODES.deploymentNotFound;

function mayFailForNow(error: unknown): void {
  if (!(error instanceof BackendError)) throw error;
}

/** A context id is at most 64 characters long. */
const digest = (text: string): string => createHash("sha256").update(text).digest("hex");

/** Where the director's tokens come from; undefined when it takes basic credentials. */
async function uaaOf({ director }: BrokerConfig, host: Host): Promise<string | undefined> {
  if (director.uaaUrl !== undefined) return director.uaaUrl;
  const answer = await exchange(host, { method: "GET", url: `${director.url}/info` });
  const { user_authentication: told } = jsonOf(expected(answer, "the director's /info", 200)) as DirectorInfo;
  return told?.type === "uaa" ? told.options?.url : undefined;
}

interface DirectorInfo {
  readonly user_authentication?: { readonly type: string; readonly options?: { readonly url?: string } };
}

/** The value of the Authorization header; a token is renewed before it ends. */
function authorizer(config: BrokerConfig, host: Host): () => Promise<string> {
  const { client, clientSecret } = config.director;
  const basic = `Basic ${Buffer.from(`${client}:${clientSecret}`).toString("base64")}`;
  let uaa: { readonly url: string | undefined } | undefined;
  let bearer = { value: "", untilMs: 0 };
  return async () => {
    uaa ??= { url: await uaaOf(config, host) };
    if (uaa.url === undefined) return basic;
    if (host.nowMs() < bearer.untilMs) return bearer.value;
    bearer = await tokenOf(uaa.url, basic, host);
    return bearer.value;
  };
}

/** A token ends for us this long before it ends. */
const LEEWAY_S = 15;

async function tokenOf(
  uaaUrl: string,
  basic: string,
  host: Host,
): Promise<{ readonly value: string; readonly untilMs: number }> {
  const answer = await exchange(host, {
    method: "POST",
    url: `${uaaUrl}/oauth/token`,
    headers: {
      authorization: basic,
      accept: "application/json",
      "content-type": "application/x-www-form-urlencoded",
    },
    body: "grant_type=client_credentials",
  });
  const token = jsonOf(expected(answer, "UAA", 200)) as {
    token_type: string;
    access_token: string;
    expires_in: number;
  };
  if (typeof token.access_token !== "string") throw new BackendError("UAA gave no token");
  return {
    value: `${token.token_type} ${token.access_token}`,
    untilMs: host.nowMs() + (token.expires_in - LEEWAY_S) * 1000,
  };
}
