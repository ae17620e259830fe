import { basicHeader, isObject } from "../../simulators/kernel/index.ts";
import { type Answer, ask, type Description } from "./cloud.ts";

/** The value below these nested names; undefined if there is none. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let here: unknown = value;
  for (const name of path) {
    if (!isObject(here) && !Array.isArray(here)) return undefined;
    here = Reflect.get(here, name);
  }
  return here;
}

/** The items of a list that lies there. */
export function listAt(value: unknown, ...path: readonly (string | number)[]): readonly unknown[] {
  const list = at(value, ...path);
  return Array.isArray(list) ? list : [];
}

/** @throws Error unless the status is one of these */
export function expectStatus(answer: Answer, ...statuses: readonly number[]): Answer {
  if (statuses.includes(answer.status)) return answer;
  throw new Error(`${answer.status}: ${JSON.stringify(answer.body).slice(0, 300)}`);
}

/** The body of the answer; undefined for 404. */
export const readBody = (answer: Answer): unknown =>
  answer.status === 404 ? undefined : expectStatus(answer, 200).body;

interface Session {
  readonly token: string;
  readonly endpoints: ReadonlyMap<string, string>;
}

/** A user of one cloud, with the tokens that it got there. */
export class Client {
  readonly description: Description;
  #openstack: Promise<Session> | undefined;
  #director: Promise<string> | undefined;

  constructor(description: Description) {
    this.description = description;
  }

  /** @param service its type in the catalog */
  async openstack(service: string, method: string, path: string, body?: object): Promise<Answer> {
    this.#openstack ??= this.#login();
    const { token, endpoints } = await this.#openstack;
    const headers = { "x-auth-token": token };
    return ask(method, `${endpoints.get(service)}${path}`, { headers, ...(body && { body }) });
  }

  async #login(): Promise<Session> {
    const { authUrl, username, password, project } = this.description.openstack;
    const domain = { id: "default" };
    const user = { name: username, domain, password };
    const identity = { methods: ["password"], password: { user } };
    const body = { auth: { identity, scope: { project: { name: project, domain } } } };
    const answer = expectStatus(await ask("POST", `${authUrl}/auth/tokens`, { body }), 201);
    const endpoints = listAt(answer.body, "token", "catalog").map((each) => {
      const shown = listAt(each, "endpoints").find((endpoint) => at(endpoint, "interface") === "public");
      return [String(at(each, "type")), String(at(shown, "url"))] as const;
    });
    return { token: String(answer.headers["x-subject-token"]), endpoints: new Map(endpoints) };
  }

  async director(method: string, path: string, body?: object): Promise<Answer> {
    const { url, caCert: ca } = this.description.director;
    this.#director ??= this.#authorize();
    const headers = { authorization: `bearer ${await this.#director}` };
    return ask(method, `${url}${path}`, { ca, headers, ...(body !== undefined && { body }) });
  }

  async #authorize(): Promise<string> {
    const { caCert: ca, client, clientSecret, uaaUrl } = this.description.director;
    const authorization = basicHeader(client, clientSecret);
    const headers = { authorization, "content-type": "application/x-www-form-urlencoded" };
    const body = "grant_type=client_credentials";
    const answer = expectStatus(await ask("POST", `${uaaUrl}/oauth/token`, { ca, headers, body }), 200);
    return String(at(answer.body, "access_token"));
  }

  consul(method: string, path: string, body?: object): Promise<Answer> {
    return ask(method, `${this.description.consul.url}${path}`, body && { body });
  }

  /** The broker of a service. */
  broker(service: string, method: string, path: string, body?: object): Promise<Answer> {
    const broker = this.description.brokers.find(({ name }) => name.startsWith(service));
    if (broker === undefined) throw new Error(`no broker for ${service}`);
    const headers = { authorization: basicHeader(broker.username, broker.password), "x-broker-api-version": "2.17" };
    return ask(method, `${broker.url}${path}`, { headers, ...(body && { body }) });
  }
}
