import type { InstanceRecord } from "../laws/instance-records.ts";
import type { World } from "../../simulators/world.ts";
import { osbClient, type OsbAnswer } from "../clients/osb.ts";
import { until } from "../stage.ts";
import type { RunningBroker } from "./brokers.ts";

const ENDING_MS_MAX = 2 * 3_600_000;

/** Whose the instances of tests are. */
export const OWNER = { organization_guid: "org", space_guid: "space", context: { platform: "cloudfoundry" } };

/** A platform that asks again until it is answered, and follows what it asked for to its end. */
export class PersistentCustomer {
  readonly #world: World;
  readonly #broker: RunningBroker;
  readonly #client: ReturnType<typeof osbClient>;
  readonly #ids: { readonly service_id: string; readonly plan_id: string };

  private constructor(world: World, broker: RunningBroker, ids: PersistentCustomer["ids"]) {
    this.#world = world;
    this.#broker = broker;
    this.#client = osbClient(world.environmentAt(world.plan.applications), broker);
    this.#ids = ids;
  }

  get ids(): { readonly service_id: string; readonly plan_id: string } {
    return this.#ids;
  }

  static async of(world: World, broker: RunningBroker): Promise<PersistentCustomer> {
    const nobody = new PersistentCustomer(world, broker, { service_id: "", plan_id: "" });
    const { services } = (await nobody.askUntilAnswered("GET", "/v2/catalog")).body as {
      services: [{ id: string; plans: [{ id: string }] }];
    };
    return new PersistentCustomer(world, broker, { service_id: services[0].id, plan_id: services[0].plans[0].id });
  }

  async askUntilAnswered(
    method: string,
    path: string,
    body?: object,
    client = this.#client,
  ): Promise<OsbAnswer & { kind: "answer" }> {
    const stage = this.#world.environmentAt(this.#world.plan.applications);
    return until(stage, `${method} ${path}`, 1000, ENDING_MS_MAX, async () => {
      const answer = await client.send(method, path, body);
      return answer.kind === "answer" && answer.status < 500 ? answer : undefined;
    });
  }

  async #state(path: string, isEnded: (answer: OsbAnswer & { kind: "answer" }) => string | undefined): Promise<string> {
    const stage = this.#world.environmentAt(this.#world.plan.applications);
    return until(stage, path, 10_000, ENDING_MS_MAX, async () => isEnded(await this.askUntilAnswered("GET", path)));
  }

  /** Asks for something that the specification polls for. Answers with how it ended. */
  async ask(method: string, path: string, body?: object): Promise<string> {
    const isDeletion = method === "DELETE";
    const query = new URLSearchParams({ accepts_incomplete: "true", ...(isDeletion && this.ids) });
    const answer = await this.askUntilAnswered(method, `${path}?${String(query)}`, body && { ...this.ids, ...body });
    if (isDeletion && answer.status === 410) return "succeeded";
    if (answer.status !== 202) return answer.status < 300 ? "succeeded" : `${answer.status}`;
    return this.#state(`${path}/last_operation`, ({ status, body: { state } }) => {
      if (isDeletion && status === 410) return "succeeded";
      return state === "in progress" ? undefined : String(status === 200 ? state : status);
    });
  }

  /** Makes a backup or a restore and answers with its id and how it ended. */
  async make(collection: string, resource: string): Promise<{ readonly id: string; readonly state: string }> {
    const { body } = await this.askUntilAnswered("GET", resource);
    const before = (body[resource.split("/").at(-1) ?? ""] as { id: string }[]).length;
    const id = await until(this.#stage, collection, 1000, ENDING_MS_MAX, async () => {
      const known = (await this.askUntilAnswered("GET", resource)).body[resource.split("/").at(-1) ?? ""] as {
        id: string;
      }[];
      if (known.length > before) return known.at(-1)?.id;
      const answer = await this.#client.send("POST", collection);
      return answer.kind === "answer" && answer.status === 202 ? String(answer.body.id) : undefined;
    });
    const state = await this.#state(`${resource}/${id}`, ({ body: view }) =>
      view.state === "queued" || view.state === "running" ? undefined : String(view.state),
    );
    return { id, state };
  }

  get #stage(): ReturnType<World["environmentAt"]> {
    return this.#world.environmentAt(this.#world.plan.applications);
  }

  async records(): Promise<readonly InstanceRecord[]> {
    const operator = osbClient(this.#stage, { ...this.#broker, ...this.#broker.operator });
    const { body } = await this.askUntilAnswered("GET", "/instances", undefined, operator);
    return body.instances as readonly InstanceRecord[];
  }
}
