import type { BrokerConfig } from "../config.ts";
import { BackendError } from "../errors.ts";
import type { Host } from "../host.ts";
import { type BackendAnswer, exchange, expectStatus, jsonOf, retryWhileDown } from "../http/client.ts";

/** The broker's way to its project in OpenStack: one token, endpoints from the catalog. */
export interface OpenStackProject {
  /**
   * A call of Neutron (path after `/v2.0`) or Swift (path after the account), tried again while the service is out of order; but
   * a POST whose answer was lost may have been carried out, so it is the caller's to look and try again.
   */
  call(
    service: "network" | "object-store",
    method: string,
    path: string,
    options?: { readonly json?: unknown; readonly body?: Uint8Array },
  ): Promise<BackendAnswer>;
}

interface Login {
  readonly token: string;
  readonly endpoints: ReadonlyMap<string, string>;
}

interface TokenBody {
  readonly token: {
    readonly catalog: readonly {
      readonly type: string;
      readonly endpoints: readonly { readonly interface: string; readonly url: string }[];
    }[];
  };
}

export function openProject({ openstack }: BrokerConfig, host: Host): OpenStackProject {
  let login: Login | undefined;
  const authenticate = async (): Promise<Login> => {
    const domain = { id: "default" };
    const answer = await exchange(host, {
      method: "POST",
      url: `${openstack.authUrl}/auth/tokens`,
      json: {
        auth: {
          identity: {
            methods: ["password"],
            password: { user: { name: openstack.username, password: openstack.password, domain } },
          },
          scope: { project: { name: openstack.project, domain } },
        },
      },
    });
    const { token } = jsonOf(expectStatus(answer, "Keystone", 201)) as TokenBody;
    const urls = token.catalog.map(
      ({ type, endpoints }) =>
        [type, endpoints.find((each) => each.interface === "public")?.url.replace(/\/$/, "") ?? ""] as const,
    );
    return { token: answer.headers.get("x-subject-token") ?? "", endpoints: new Map(urls) };
  };
  return {
    call: (service, method, path, options = {}) => {
      const once = async (): Promise<BackendAnswer> => {
        login ??= await authenticate();
        const root = `${login.endpoints.get(service)}${service === "network" ? "/v2.0" : ""}`;
        const answer = await exchange(host, {
          method,
          url: `${root}${path}`,
          headers: { "x-auth-token": login.token },
          ...options,
        });
        if (answer.status !== 401) return answer;
        login = undefined;
        throw new BackendError("the token has ended");
      };
      return method === "POST" ? once() : retryWhileDown(host, once);
    },
  };
}
