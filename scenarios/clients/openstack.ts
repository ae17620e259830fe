import { expectJson, type Environment, until } from "../stage.ts";

export interface OpenStackCredentials {
  /** `http://127.64.250.10:5000/v3` */
  readonly authUrl: string;
  readonly username: string;
  readonly password: string;
  readonly project: string;
}

type Json = Record<string, unknown>;
type Service = "compute" | "network" | "image" | "volumev3" | "identity";

/** What the catalog leaves to the client: endpoints of these services carry no version. */
const VERSION: Readonly<Record<Service, string>> = {
  compute: "",
  network: "/v2.0",
  image: "/v2",
  volumev3: "",
  identity: "",
};

interface CatalogEntry {
  readonly type: string;
  readonly endpoints: readonly { readonly interface: string; readonly url: string }[];
}

/** An operator's OpenStack client: one token, endpoints from the catalog, as python-openstackclient works. */
export interface OpenStackClient {
  call(service: Service, method: string, path: string, body?: Json): Promise<Json>;
  upload(imageId: string, content: Uint8Array): Promise<void>;
  /** Polls `path` until `resource.status` is `status`. */
  waitForStatus(service: Service, path: string, resource: string, status: string): Promise<Json>;
}

export async function openStackClient(
  environment: Environment,
  credentials: OpenStackCredentials,
): Promise<OpenStackClient> {
  const { token, catalog } = await authenticate(environment, credentials);
  const endpoint = (service: Service): string => {
    const found = catalog.find(({ type }) => type === service)?.endpoints.find((each) => each.interface === "public");
    if (found === undefined) throw new Error(`the catalog has no ${service}`);
    return `${found.url.replace(/\/$/, "")}${VERSION[service]}`;
  };
  const call = async (service: Service, method: string, path: string, body?: Json): Promise<Json> => {
    const response = await environment.fetch(`${endpoint(service)}${path}`, {
      method,
      headers: { "x-auth-token": token, ...(body && { "content-type": "application/json" }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    return (await expectJson(response, `${method} ${path}`, 200, 201, 202, 204)) as Json;
  };
  return {
    call,
    async upload(imageId, content) {
      const headers = { "x-auth-token": token, "content-type": "application/octet-stream" };
      const response = await environment.fetch(`${endpoint("image")}/images/${imageId}/file`, {
        method: "PUT",
        headers,
        body: content as NonNullable<RequestInit["body"]>,
      });
      await expectJson(response, `PUT /images/${imageId}/file`, 204);
    },
    waitForStatus: (service, path, resource, status) =>
      until(environment, `${path} ${status}`, 5000, 900_000, async () => {
        const answer = await call(service, "GET", path);
        const found = (resource === "" ? answer : answer[resource]) as Json;
        return found.status === status ? found : undefined;
      }),
  };
}

async function authenticate(
  environment: Environment,
  credentials: OpenStackCredentials,
): Promise<{ token: string; catalog: readonly CatalogEntry[] }> {
  const domain = { id: "default" };
  const response = await environment.fetch(`${credentials.authUrl}/auth/tokens`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      auth: {
        identity: {
          methods: ["password"],
          password: { user: { name: credentials.username, password: credentials.password, domain } },
        },
        scope: { project: { name: credentials.project, domain } },
      },
    }),
  });
  const body = (await expectJson(response, "POST /auth/tokens", 201)) as {
    token: { catalog: readonly CatalogEntry[] };
  };
  return { token: response.headers.get("x-subject-token") ?? "", catalog: body.token.catalog };
}
