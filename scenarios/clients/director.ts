import { expectJson, ScenarioError, type Environment, until } from "../stage.ts";

export interface DirectorCredentials {
  /** `https://127.64.0.6:25555` */
  readonly url: string;
  readonly client: string;
  readonly clientSecret: string;
  /** Where tokens come from; without it the credentials are basic ones. */
  readonly uaaUrl?: string;
}

type Payload = NonNullable<RequestInit["body"]>;

export interface FinishedTask {
  readonly id: number;
  readonly result: string | null;
}

/** What an operator types at the `bosh` prompt, as HTTP (the CLI's own requests: same routes, same media types). */
export interface DirectorClient {
  info(): Promise<{ readonly name: string; readonly uuid: string; readonly version: string }>;
  uploadStemcell(tarball: Uint8Array): Promise<FinishedTask>;
  uploadRelease(tarball: Uint8Array): Promise<FinishedTask>;
  updateCloudConfig(yaml: string): Promise<void>;
  deploy(name: string, manifest: string): Promise<FinishedTask>;
  /** With `force`, what the IaaS refuses to delete does not hold it up. */
  remove(name: string, force?: boolean): Promise<FinishedTask>;
  vms(deployment: string): Promise<readonly Record<string, unknown>[]>;
  /** `cck --report`: scans, and answers with the problems that are open. */
  cloudCheck(deployment: string): Promise<readonly { readonly type: string; readonly description: string }[]>;
  /** @param instance `group/id` */
  recreate(deployment: string, instance: string): Promise<FinishedTask>;
}

export function directorClient(environment: Environment, credentials: DirectorCredentials): DirectorClient {
  const authorization = authorizer(environment, credentials);
  const send = async (
    method: string,
    path: string,
    mediaType?: string,
    body?: string | Uint8Array,
  ): Promise<Response> =>
    environment.fetch(`${credentials.url}${path}`, {
      method,
      redirect: "manual",
      headers: { authorization: await authorization(), ...(mediaType && { "content-type": mediaType }) },
      ...(body !== undefined && { body: body as Payload }),
    });
  const task = async (what: string, response: Response): Promise<FinishedTask> => {
    const location = response.headers.get("location");
    if (location === null)
      throw new ScenarioError(
        "SCENARIO_UNEXPECTED_ANSWER",
        `${what} answered ${response.status}: ${(await response.text()).slice(0, 300)}`,
      );
    return follow(environment, what, Number(location.split("/").at(-1)), (path) => send("GET", path));
  };
  return {
    info: async () => (await expectJson(await environment.fetch(`${credentials.url}/info`), "GET /info", 200)) as never,
    uploadStemcell: async (tarball) =>
      task("upload-stemcell", await send("POST", "/stemcells?", "application/x-compressed", tarball)),
    uploadRelease: async (tarball) =>
      task("upload-release", await send("POST", "/releases?", "application/x-compressed", tarball)),
    updateCloudConfig: async (yaml) =>
      void (await expectJson(
        await send("POST", "/cloud_configs?name=", "text/yaml", yaml),
        "POST /cloud_configs",
        201,
      )),
    deploy: async (name, manifest) =>
      task(`deploy ${name}`, await send("POST", "/deployments?", "text/yaml", manifest)),
    remove: async (name, force = false) =>
      task(`delete ${name}`, await send("DELETE", `/deployments/${name}${force ? "?force=true" : ""}`)),
    async vms(deployment) {
      const { id } = await task("vms", await send("GET", `/deployments/${deployment}/vms?format=full`));
      const lines = await (await send("GET", `/tasks/${id}/output?type=result`)).text();
      return lines
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    },
    async cloudCheck(deployment) {
      await task(`cck ${deployment}`, await send("POST", `/deployments/${deployment}/scans`, "application/json", ""));
      const path = `/deployments/${deployment}/problems`;
      return (await expectJson(await send("GET", path), `GET ${path}`, 200)) as never;
    },
    recreate: async (deployment, instance) =>
      task(
        `recreate ${instance}`,
        await send("PUT", `/deployments/${deployment}/jobs/${instance}?state=recreate`, "text/yaml", ""),
      ),
  };
}

/** The value of the Authorization header: basic, or a bearer token that is renewed before it ends. */
function authorizer(environment: Environment, credentials: DirectorCredentials): () => Promise<string> {
  const basic = `Basic ${Buffer.from(`${credentials.client}:${credentials.clientSecret}`).toString("base64")}`;
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
    const response = await environment.fetch(`${uaaUrl}/oauth/token`, {
      method: "POST",
      headers,
      body: "grant_type=client_credentials",
    });
    const token = (await expectJson(response, "POST /oauth/token", 200)) as {
      token_type: string;
      access_token: string;
      expires_in: number;
    };
    bearer = {
      value: `${token.token_type} ${token.access_token}`,
      untilMs: environment.nowMs() + (token.expires_in - 15) * 1000,
    };
    return bearer.value;
  };
}

const TASK_MS_MAX = 6 * 3_600_000;
const POLL_MS = 3000;

async function follow(
  environment: Environment,
  what: string,
  id: number,
  get: (path: string) => Promise<Response>,
): Promise<FinishedTask> {
  const last = await until(environment, what, POLL_MS, TASK_MS_MAX, async () => {
    const task = (await expectJson(await get(`/tasks/${id}`), `GET /tasks/${id}`, 200)) as {
      state: string;
      result: string | null;
    };
    return ["queued", "processing", "cancelling"].includes(task.state) ? undefined : task;
  });
  if (last.state !== "done")
    throw new ScenarioError("SCENARIO_TASK_FAILED", `${what}: task ${id} ended ${last.state}: ${last.result}`);
  return { id, result: last.result };
}
