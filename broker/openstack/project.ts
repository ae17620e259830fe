import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";
import type { BrokerConfig } from "../config.ts";
import { BackendError } from "../errors.ts";
import type { Host } from "../host.ts";
import { type BackendAnswer, bodyOf, type Bytes, exchange, expectStatus, retryWhileDown } from "../http/client.ts";

/** The contents of a request, and whether it is sent only once. */
interface ProjectRequest {
  readonly json?: unknown;
  readonly body?: Bytes;
  readonly headers?: Readonly<Record<string, string>>;
  readonly isOnce?: boolean;
}

/** The broker's project in OpenStack: one token, and the endpoints of the catalog. */
export interface OpenStackProject {
  /**
   * One request to Neutron (path after `/v2.0`), Swift (path after the account) or Nova (path after the endpoint). It is sent again while the
   * service is down, except for a POST, or with `isOnce`: its work may have been done although its answer was lost, so the caller must look first.
   *
   * @throws BackendError
   */
  call(
    service: "network" | "object-store" | "compute",
    method: string,
    path: string,
    options?: ProjectRequest,
  ): Promise<BackendAnswer>;
}

interface ProjectLogin {
  readonly token: string;
  readonly endpoints: ReadonlyMap<string, string>;
}

const Catalog = Type.Array(
  Type.Object({
    type: Type.String(),
    endpoints: Type.Array(Type.Object({ interface: Type.String(), url: Type.String() })),
  }),
);
const TOKEN = Compile(Type.Object({ token: Type.Object({ catalog: Catalog }) }));

const publicEndpoints = (catalog: Static<typeof Catalog>): ReadonlyMap<string, string> =>
  new Map(
    catalog.map(({ type, endpoints }) => {
      const url = endpoints.find((endpoint) => endpoint.interface === "public")?.url ?? "";
      return [type, url.replace(/\/$/, "")];
    }),
  );

/** Password authentication with project scope (Keystone API v3). */
async function authenticate({ openstack }: BrokerConfig, host: Host): Promise<ProjectLogin> {
  const domain = { id: "default" };
  const user = { name: openstack.username, password: openstack.password, domain };
  const answer = await exchange(host, {
    method: "POST",
    url: `${openstack.authUrl}/auth/tokens`,
    json: {
      auth: {
        identity: { methods: ["password"], password: { user } },
        scope: { project: { name: openstack.project, domain } },
      },
    },
  });
  const { token } = bodyOf(expectStatus(answer, "Keystone", 201), TOKEN);
  return { token: answer.headers.get("x-subject-token") ?? "", endpoints: publicEndpoints(token.catalog) };
}

/** Opens the project of the configuration; it logs in on the first call, and again when the token has expired. */
export function openProject(config: BrokerConfig, host: Host): OpenStackProject {
  let login: ProjectLogin | undefined;
  return {
    call: (service, method, path, { isOnce = method === "POST", headers: own, ...content } = {}) => {
      const callOnce = async (): Promise<BackendAnswer> => {
        login ??= await authenticate(config, host);
        const root = `${login.endpoints.get(service)}${service === "network" ? "/v2.0" : ""}`;
        const headers = { ...own, "x-auth-token": login.token };
        const answer = await exchange(host, { method, url: `${root}${path}`, headers, ...content });
        if (answer.status !== 401) return answer;
        login = undefined;
        throw new BackendError("the token has ended");
      };
      return isOnce ? callOnce() : retryWhileDown(host, callOnce);
    },
  };
}
