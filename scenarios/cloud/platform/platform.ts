import fastify, { type FastifyInstance, type FastifyRequest } from "fastify";
import Type from "typebox";
import type { World } from "../../../simulators/world.ts";
import { parseAs } from "../../clients/answers.ts";
import { osbClient } from "../../clients/osb.ts";
import type { RunningBroker } from "../brokers.ts";
import { Accounts, type Token } from "./accounts.ts";
import { uaaRoutes } from "./uaa.ts";

/** The ports of the platform's API and its UAA, at the address of the OpenStack controller, which everybody may reach. */
export const PLATFORM_PORT = 8081;

const Catalog = Type.Object({
  services: Type.Array(
    Type.Object({
      dashboard_client: Type.Optional(
        Type.Object({ id: Type.String(), secret: Type.String(), redirect_uri: Type.String() }),
      ),
    }),
  ),
});
const Records = Type.Object({
  instances: Type.Array(Type.Object({ id: Type.String(), context: Type.Record(Type.String(), Type.Unknown()) })),
});

/** The scope needed to ask what a user may do with an instance. */
const PERMISSIONS = "cloud_controller_service_permissions.read";

/**
 * The parts of a platform that a dashboard needs: a UAA, and an API that says who may manage an instance. Of an instance it knows the space, from
 * its order. It orders nothing itself: any caller of a broker acts as the platform.
 */
export class FakePlatform {
  readonly accounts: Accounts;
  readonly app: FastifyInstance;
  readonly url: string;
  readonly #world: World;
  readonly #brokers: () => readonly RunningBroker[];

  /** @param life names this start of a world that was made again: no token of an earlier one comes twice. Default: it is its first */
  constructor(world: World, brokers: () => readonly RunningBroker[], life?: string) {
    this.#world = world;
    this.#brokers = brokers;
    this.url = `http://${world.plan.controller}:${PLATFORM_PORT}`;
    const secrets = world.secretsOf("platform");
    const tokens = life === undefined ? secrets : world.secretsOf(`platform/${life}`);
    this.accounts = new Accounts(tokens, () => world.kernel.nowMs);
    for (const name of ["admin", "developer"])
      this.accounts.users.set(name, { name, password: secrets.hex(32), isAdmin: name === "admin" });
    this.app = fastify({ logger: false });
    this.app.get("/", () => ({
      links: { self: { href: this.url }, login: { href: this.url }, uaa: { href: this.url } },
    }));
    uaaRoutes(this.app, this.accounts);
    this.#apiRoutes();
  }

  #apiRoutes(): void {
    this.app.get("/userinfo", async (request, reply) => {
      const token = this.#tokenOf(request);
      return token === undefined ? reply.code(401).send({ error: "invalid_token" }) : { user_name: token.userName };
    });
    this.app.get<{ Params: { id: string } }>("/v3/service_instances/:id/permissions", async (request, reply) => {
      const token = this.#tokenOf(request);
      if (token === undefined) return reply.code(401).send({ errors: [{ title: "CF-InvalidAuthToken" }] });
      if (!token.scope.split(" ").includes(PERMISSIONS))
        return reply.code(403).send({ errors: [{ title: "CF-NotAuthorized" }] });
      const space = await this.#spaceOf(request.params.id);
      const manage = space !== undefined && this.accounts.mayManage(token.userName, space);
      return manage ? { read: true, manage } : reply.code(404).send({ errors: [{ title: "CF-ResourceNotFound" }] });
    });
  }

  #tokenOf({ headers }: FastifyRequest): Token | undefined {
    const [, secret = ""] = /^bearer (.+)$/i.exec(headers.authorization ?? "") ?? [];
    return this.accounts.token(secret);
  }

  /** The space for which an instance was ordered; empty if its order named none; undefined for an unknown instance. */
  async #spaceOf(id: string): Promise<string | undefined> {
    const environment = this.#world.environmentAt(this.#world.plan.applications);
    for (const broker of this.#brokers()) {
      const client = osbClient(environment, { ...broker, ...broker.operator });
      const answer = await client.send("GET", "/instances");
      if (answer.kind === "unknown" || answer.status !== 200) continue;
      const found = parseAs(Records, answer.body, "GET /instances").instances.find((each) => each.id === id);
      if (found !== undefined) return String(found.context.space_guid ?? "");
    }
    return undefined;
  }

  /** Creates the clients that the catalogs of the brokers ask for, as a platform does when a broker is registered. */
  async register(): Promise<void> {
    const environment = this.#world.environmentAt(this.#world.plan.applications);
    for (const broker of this.#brokers()) {
      const answer = await osbClient(environment, broker).send("GET", "/v2/catalog");
      if (answer.kind === "unknown" || answer.status !== 200) continue;
      const { services } = parseAs(Catalog, answer.body, "GET /v2/catalog");
      for (const { dashboard_client: client } of services) {
        if (client === undefined) continue;
        const { id, secret, redirect_uri: redirectUri } = client;
        this.accounts.clients.set(id, { id, secret, redirectUri });
      }
    }
  }
}
