import Type, { type Static } from "typebox";
import type { Environment } from "../../simulators/environment.ts";
import { ScenarioError } from "../errors.ts";
import { pollUntil } from "../poll.ts";
import { basicHeader } from "../../simulators/kernel/index.ts";
import { expectBody, expectText, parseAs } from "./answers.ts";

/** A client of UAA, or a user of the director. */
interface DirectorCredentials {
  /** `https://127.64.0.6:25555` */
  readonly url: string;
  readonly client: string;
  readonly clientSecret: string;
  /** URL of the UAA that issues tokens. Default: none, and requests carry Basic credentials. */
  readonly uaaUrl?: string;
}

type Bytes = Uint8Array<ArrayBuffer>;

/** A task that has succeeded. */
interface FinishedTask {
  readonly id: number;
  readonly result: string | null;
}

const Info = Type.Object({ name: Type.String(), uuid: Type.String(), version: Type.String() });
const Task = Type.Object({
  state: Type.String(),
  result: Type.Optional(Type.Union([Type.String(), Type.Null()])),
});
const Problems = Type.Array(Type.Object({ type: Type.String(), description: Type.String() }));
const Vm = Type.Record(Type.String(), Type.Unknown());
const Token = Type.Object({ token_type: Type.String(), access_token: Type.String(), expires_in: Type.Number() });

/**
 * What an operator does with the `bosh` CLI, over HTTP: the CLI's own routes and media types. Every method throws ScenarioError:
 * SCENARIO_UNEXPECTED_ANSWER if it is refused, SCENARIO_TASK_FAILED if its task does not succeed.
 */
export interface DirectorClient {
  info(): Promise<Static<typeof Info>>;
  uploadStemcell(tarball: Bytes): Promise<FinishedTask>;
  uploadRelease(tarball: Bytes): Promise<FinishedTask>;
  updateCloudConfig(yaml: string): Promise<void>;
  deploy(name: string, manifest: string): Promise<FinishedTask>;
  /** With `force` (default: false), the deployment is deleted even if the IaaS refuses to delete its parts. */
  remove(name: string, force?: boolean): Promise<FinishedTask>;
  vms(deployment: string): Promise<readonly Static<typeof Vm>[]>;
  /** `cck --report`: scans, and returns the open problems. */
  cloudCheck(deployment: string): Promise<Static<typeof Problems>>;
  /** `bosh delete-vm`. */
  deleteVm(cid: string): Promise<FinishedTask>;
  /** @param instance `group/id` */
  recreate(deployment: string, instance: string): Promise<FinishedTask>;
}

interface SendOptions {
  readonly type?: string;
  readonly body?: string | Bytes;
}

type Send = (method: string, path: string, options?: SendOptions) => Promise<Response>;

/** Makes a client of a director, which logs in with its first request. */
export function directorClient(environment: Environment, credentials: DirectorCredentials): DirectorClient {
  const authorization = authorizer(environment, credentials);
  const send: Send = async (method, path, { type, body } = {}) =>
    environment.fetch(`${credentials.url}${path}`, {
      method,
      redirect: "manual",
      headers: { authorization: await authorization(), ...(type !== undefined && { "content-type": type }) },
      ...(body !== undefined && { body }),
    });
  const runTask = async (what: string, ...request: Parameters<Send>): Promise<FinishedTask> =>
    followTask(environment, what, await taskIn(what, await send(...request)), send);
  const upload = (what: string, path: string, body: Bytes): Promise<FinishedTask> =>
    runTask(what, "POST", path, { type: "application/x-compressed", body });
  return {
    info: async () => expectBody(await environment.fetch(`${credentials.url}/info`), "GET /info", Info, 200),
    uploadStemcell: (tarball) => upload("upload-stemcell", "/stemcells?", tarball),
    uploadRelease: (tarball) => upload("upload-release", "/releases?", tarball),
    async updateCloudConfig(yaml) {
      const response = await send("POST", "/cloud_configs?name=", { type: "text/yaml", body: yaml });
      await expectText(response, "POST /cloud_configs", 201);
    },
    deploy: (name, manifest) =>
      runTask(`deploy ${name}`, "POST", "/deployments?", { type: "text/yaml", body: manifest }),
    remove: (name, force = false) =>
      runTask(`delete ${name}`, "DELETE", `/deployments/${name}${force ? "?force=true" : ""}`),
    async vms(deployment) {
      const { id } = await runTask("vms", "GET", `/deployments/${deployment}/vms?format=full`);
      const path = `/tasks/${id}/output?type=result`;
      const lines = (await (await send("GET", path)).text()).split("\n").filter(Boolean);
      return lines.map((line) => parseAs(Vm, JSON.parse(line), `GET ${path}`));
    },
    async cloudCheck(deployment) {
      const scan = { type: "application/json", body: "" };
      await runTask(`cck ${deployment}`, "POST", `/deployments/${deployment}/scans`, scan);
      const path = `/deployments/${deployment}/problems`;
      return expectBody(await send("GET", path), `GET ${path}`, Problems, 200);
    },
    deleteVm: (cid) => runTask(`delete VM ${cid}`, "DELETE", `/vms/${cid}`),
    recreate: (deployment, instance) =>
      runTask(`recreate ${instance}`, "PUT", `/deployments/${deployment}/jobs/${instance}?state=recreate`, {
        type: "text/yaml",
        body: "",
      }),
  };
}

/** A token is renewed this long before it expires. */
const LEEWAY_S = 15;

/** Makes the source of the Authorization header: Basic credentials, or a bearer token that is renewed before it expires. */
function authorizer(environment: Environment, credentials: DirectorCredentials): () => Promise<string> {
  const basic = basicHeader(credentials.client, credentials.clientSecret);
  const { uaaUrl } = credentials;
  if (uaaUrl === undefined) return () => Promise.resolve(basic);
  let bearer = { value: "", untilMs: 0 };
  return async () => {
    if (environment.nowMs() < bearer.untilMs) return bearer.value;
    const headers = {
      authorization: basic,
      accept: "application/json",
      "content-type": "application/x-www-form-urlencoded",
    };
    const init = { method: "POST", headers, body: "grant_type=client_credentials" };
    const response = await environment.fetch(`${uaaUrl}/oauth/token`, init);
    const token = await expectBody(response, "POST /oauth/token", Token, 200);
    bearer = {
      value: `${token.token_type} ${token.access_token}`,
      untilMs: environment.nowMs() + (token.expires_in - LEEWAY_S) * 1000,
    };
    return bearer.value;
  };
}

const TASK_MS_MAX = 6 * 3_600_000;
const POLL_MS = 3000;
const RUNNING: readonly string[] = ["queued", "processing", "cancelling"];

/** Reads the id of the task to which an answer redirects. @throws ScenarioError SCENARIO_UNEXPECTED_ANSWER */
async function taskIn(what: string, response: Response): Promise<number> {
  const location = response.headers.get("location");
  if (location !== null) return Number(location.split("/").at(-1));
  const text = (await response.text()).slice(0, 300);
  throw new ScenarioError("SCENARIO_UNEXPECTED_ANSWER", `${what} answered ${response.status}: ${text}`);
}

async function followTask(environment: Environment, what: string, id: number, send: Send): Promise<FinishedTask> {
  const { state, result = null } = await pollUntil(environment, what, POLL_MS, TASK_MS_MAX, async () => {
    const task = await expectBody(await send("GET", `/tasks/${id}`), `GET /tasks/${id}`, Task, 200);
    return RUNNING.includes(task.state) ? undefined : task;
  });
  if (state !== "done")
    throw new ScenarioError("SCENARIO_TASK_FAILED", `${what}: task ${id} ended ${state}: ${result}`);
  return { id, result };
}
