import Type, { type Static } from "typebox";
import type { Environment } from "../../simulators/environment.ts";
import { pollUntil } from "../poll.ts";
import { expectBody, expectText, parseAs } from "./answers.ts";

/** A user's password login, scoped to a project. */
interface OpenStackCredentials {
  /** `http://127.64.250.10:5000/v3` */
  readonly authUrl: string;
  readonly username: string;
  readonly password: string;
  readonly project: string;
}

/** A service, by its type in the catalog. */
type ServiceType = "compute" | "network" | "image" | "volumev3" | "identity" | "object-store";

/** Versions that the client appends if a service's endpoint in the catalog carries none. */
const VERSIONS: Readonly<Record<ServiceType, string>> = {
  compute: "",
  network: "/v2.0",
  image: "/v2",
  volumev3: "",
  identity: "",
  "object-store": "",
};

const Catalog = Type.Array(
  Type.Object({
    type: Type.String(),
    endpoints: Type.Array(Type.Object({ interface: Type.String(), url: Type.String() })),
  }),
);
const Token = Type.Object({ token: Type.Object({ catalog: Catalog }) });

const Resource = Type.Object({ id: Type.String(), name: Type.Optional(Type.Union([Type.String(), Type.Null()])) });

/** The fields that most resources have. */
type Resource = Static<typeof Resource>;

/**
 * An operator's OpenStack client, which works as python-openstackclient does: with one token, and endpoints from the catalog. Every method throws
 * ScenarioError if it is refused or gets an answer that the API does not allow.
 */
export interface OpenStackClient {
  /** The public endpoint of a service, with its version. */
  endpointOf(service: ServiceType): string;
  /** Sends one request, with bytes of this type as its body if there are any. Returns whatever is answered. */
  send(service: ServiceType, method: string, path: string, body?: Uint8Array, type?: string): Promise<Response>;
  /** Sends one request. Returns the JSON of the answer, or null if it has none. */
  call(service: ServiceType, method: string, path: string, body?: object): Promise<unknown>;
  /** Like `call`, for JSON of this schema. */
  callAs<S extends Type.TSchema>(
    schema: S,
    service: ServiceType,
    method: string,
    path: string,
    body?: object,
  ): Promise<Static<S>>;
  /** Creates a resource, which request and answer wrap in `member`. Returns its id. */
  create(service: ServiceType, path: string, member: string, resource: object): Promise<string>;
  /** Lists the resources that an answer holds in `member`. */
  list(service: ServiceType, path: string, member: string): Promise<readonly Resource[]>;
  /** Uploads the bits of an image. */
  upload(imageId: string, content: Uint8Array<ArrayBuffer>): Promise<void>;
  /**
   * Polls `path` until the status of the resource is `status`.
   *
   * @param member the member in which the answer wraps the resource; empty if it does not
   */
  waitForStatus(service: ServiceType, path: string, member: string, status: string): Promise<void>;
}

const POLL_MS = 5000;
const STATUS_MS_MAX = 900_000;

/** Logs in, and makes a client with the token. @throws ScenarioError SCENARIO_UNEXPECTED_ANSWER */
export async function openStackClient(
  environment: Environment,
  credentials: OpenStackCredentials,
): Promise<OpenStackClient> {
  const { token, catalog } = await authenticate(environment, credentials);
  const endpointOf = (service: ServiceType): string => {
    const endpoints = catalog.find(({ type }) => type === service)?.endpoints;
    const url = endpoints?.find((endpoint) => endpoint.interface === "public")?.url;
    if (url === undefined) throw new Error(`the catalog has no ${service}`);
    return `${url.replace(/\/$/, "")}${VERSIONS[service]}`;
  };
  const send: OpenStackClient["send"] = async (service, method, path, body, type = "application/octet-stream") =>
    environment.fetch(`${endpointOf(service)}${path}`, {
      method,
      headers: { "x-auth-token": token, ...(body && { "content-type": type }) },
      ...(body && { body: Buffer.from(body) }),
    });
  const call: OpenStackClient["call"] = async (service, method, path, body) => {
    const bytes = body && Buffer.from(JSON.stringify(body));
    const response = await send(service, method, path, bytes, "application/json");
    return expectBody(response, `${method} ${path}`, Type.Unknown(), 200, 201, 202, 204);
  };
  const callAs: OpenStackClient["callAs"] = async (schema, service, method, path, body) =>
    parseAs(schema, await call(service, method, path, body), `${method} ${path}`);
  return {
    endpointOf,
    send,
    call,
    callAs,
    async create(service, path, member, resource) {
      const answer = await callAs(AnyMembers, service, "POST", path, { [member]: resource });
      return parseAs(Resource, answer[member], `POST ${path}`).id;
    },
    async list(service, path, member) {
      const answer = await callAs(AnyMembers, service, "GET", path);
      return parseAs(Type.Array(Resource), answer[member], `GET ${path}`);
    },
    async upload(imageId, content) {
      const path = `/images/${imageId}/file`;
      await expectText(await send("image", "PUT", path, content), `PUT ${path}`, 204);
    },
    async waitForStatus(service, path, member, status) {
      await pollUntil(environment, `${path} ${status}`, POLL_MS, STATUS_MS_MAX, async () => {
        const answer = await callAs(AnyMembers, service, "GET", path);
        const resource = parseAs(AnyMembers, member === "" ? answer : answer[member], `GET ${path}`);
        return resource.status === status ? true : undefined;
      });
    },
  };
}

const AnyMembers = Type.Record(Type.String(), Type.Unknown());

interface TokenAndCatalog {
  readonly token: string;
  readonly catalog: Static<typeof Catalog>;
}

async function authenticate(environment: Environment, credentials: OpenStackCredentials): Promise<TokenAndCatalog> {
  const domain = { id: "default" };
  const user = { name: credentials.username, password: credentials.password, domain };
  const response = await environment.fetch(`${credentials.authUrl}/auth/tokens`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      auth: {
        identity: { methods: ["password"], password: { user } },
        scope: { project: { name: credentials.project, domain } },
      },
    }),
  });
  const { token } = await expectBody(response, "POST /auth/tokens", Token, 201);
  return { token: response.headers.get("x-subject-token") ?? "", catalog: token.catalog };
}
