import Type from "typebox";
import { OPENSTACK_PORTS } from "../../../simulators/addresses.ts";
import type { World } from "../../../simulators/world.ts";
import { parseAs } from "../../clients/answers.ts";

const Authenticated = Type.Object({ token: Type.Object({ project: Type.Object({ id: Type.String() }) }) });
const Objects = Type.Array(Type.Object({ name: Type.String(), last_modified: Type.String() }));

/** The container that the reference broker keeps backups in: INSTANCE/BACKUP/PART. */
const CONTAINER = "backups";
/** The URL of the store's API. */
const urlOf = ({ plan }: World): string => `http://${plan.controller}:${OPENSTACK_PORTS.swift}/v1`;

/** The platform's objects in Swift, as a holder of its credentials has them. */
export class BackupStore {
  readonly #world: World;
  #login: Promise<{ readonly account: string; readonly token: string }> | undefined;

  constructor(world: World) {
    this.#world = world;
  }

  async #logIn(): Promise<{ readonly account: string; readonly token: string }> {
    const { openstackAdmin, cpi } = this.#world.credentials;
    const domain = { id: "default" };
    const user = { name: cpi.username, password: cpi.password, domain };
    const response = await this.#world
      .environmentAt(this.#world.plan.applications)
      .fetch(`${openstackAdmin.authUrl}/auth/tokens`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          auth: {
            identity: { methods: ["password"], password: { user } },
            scope: { project: { name: cpi.project, domain } },
          },
        }),
      });
    const { token } = parseAs(Authenticated, await response.json(), "POST /v3/auth/tokens");
    const account = `${urlOf(this.#world)}/AUTH_${token.project.id}`;
    return { account, token: response.headers.get("x-subject-token") ?? "" };
  }

  async #ask(method: string, path: string, body?: Uint8Array): Promise<Uint8Array> {
    const { fetch } = this.#world.environmentAt(this.#world.plan.applications);
    const send = async (): Promise<Response> => {
      this.#login ??= this.#logIn();
      const { account, token } = await this.#login;
      return fetch(`${account}/${CONTAINER}${path}`, {
        method,
        headers: { "x-auth-token": token },
        ...(body && { body: Buffer.from(body) }),
      });
    };
    let response = await send();
    // A token lasts for hours only.
    if (response.status === 401) {
      this.#login = undefined;
      response = await send();
    }
    if (!response.ok) throw new Error(`${method} ${path} of the store is answered ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  }

  /**
   * The list of the container as seen from an address without any credentials, line by line; empty if it is
   * refused.
   */
  async listAnonymously(source: string): Promise<readonly string[]> {
    this.#login ??= this.#logIn();
    const { account } = await this.#login;
    const response = await this.#world.environmentAt(source).fetch(`${account}/${CONTAINER}`);
    const text = await response.text();
    return response.ok ? text.split("\n").filter((line) => line !== "") : [];
  }

  get = (name: string): Promise<Uint8Array> => this.#ask("GET", `/${name}`);
  put = (name: string, body: Uint8Array): Promise<Uint8Array> => this.#ask("PUT", `/${name}`, body);
  remove = (name: string): Promise<Uint8Array> => this.#ask("DELETE", `/${name}`);

  /** Names of objects with this prefix, oldest first. */
  async list(prefix: string): Promise<readonly string[]> {
    const bytes = await this.#ask("GET", `?format=json&prefix=${encodeURIComponent(prefix)}`);
    return parseAs(Objects, JSON.parse(Buffer.from(bytes).toString("utf8")), "GET /v1/{account}/{container}")
      .toSorted((a, b) => a.last_modified.localeCompare(b.last_modified) || a.name.localeCompare(b.name))
      .map(({ name }) => name);
  }
}
