import Type, { type Static } from "typebox";
import type { Environment } from "../../simulators/environment.ts";
import type { World } from "../../simulators/world.ts";
import { parseAs } from "../clients/answers.ts";
import { CatalogBody, type OsbClient, osbClient, type OsbReply } from "../clients/osb.ts";
import { type InstanceRecord, InstanceRecords } from "../laws/instance-records.ts";
import { pollUntil } from "../poll.ts";
import type { RunningBroker } from "./brokers.ts";

const ENDING_MS_MAX = 2 * 3_600_000;

/** The owner of the instances that tests order. */
export const OWNER = { organization_guid: "org", space_guid: "space", context: { platform: "cloudfoundry" } };

/** Service and plan, as a request names them. */
interface PlanIds {
  readonly service_id: string;
  readonly plan_id: string;
}

const Listed = Type.Array(Type.Object({ id: Type.String() }));

/** A platform for tests: it repeats a request until it is answered, and follows each operation to its end. */
export class PersistentCustomer {
  readonly ids: PlanIds;
  readonly #environment: Environment;
  readonly #broker: RunningBroker;
  readonly #client: OsbClient;

  private constructor(world: World, broker: RunningBroker, ids: PlanIds) {
    this.#environment = world.environmentAt(world.plan.applications);
    this.#broker = broker;
    this.#client = osbClient(this.#environment, broker);
    this.ids = ids;
  }

  /** Waits for the broker's catalog and takes a plan. @param planName default: the first */
  static async of(world: World, broker: RunningBroker, planName?: string): Promise<PersistentCustomer> {
    const anonymous = new PersistentCustomer(world, broker, { service_id: "", plan_id: "" });
    const { body } = await anonymous.askUntilAnswered("GET", "/v2/catalog");
    const [service] = parseAs(CatalogBody, body, "GET /v2/catalog").services;
    const plan = service?.plans.find(({ name }) => planName === undefined || name === planName);
    if (planName !== undefined && plan === undefined) throw new Error(`the catalog has no plan ${planName}`);
    return new PersistentCustomer(world, broker, { service_id: service?.id ?? "", plan_id: plan?.id ?? "" });
  }

  /** Sends a request until the answer is not a 5xx. Returns that answer. */
  askUntilAnswered(method: string, path: string, body?: object, client = this.#client): Promise<OsbReply> {
    return pollUntil(this.#environment, `${method} ${path}`, 1000, ENDING_MS_MAX, async () => {
      const answer = await client.send(method, path, body);
      return answer.kind === "answer" && answer.status < 500 ? answer : undefined;
    });
  }

  #follow(path: string, endOf: (answer: OsbReply) => string | undefined): Promise<string> {
    return pollUntil(this.#environment, path, 10_000, ENDING_MS_MAX, async () =>
      endOf(await this.askUntilAnswered("GET", path)),
    );
  }

  /** Orders an operation and polls it. Returns the state in which it ended, or the status of a refusal. */
  async ask(method: string, path: string, body?: object): Promise<string> {
    const isDeletion = method === "DELETE";
    const query = new URLSearchParams({ accepts_incomplete: "true", ...(isDeletion && this.ids) });
    const answer = await this.askUntilAnswered(method, `${path}?${String(query)}`, body && { ...this.ids, ...body });
    if (isDeletion && answer.status === 410) return "succeeded";
    if (answer.status !== 202) return answer.status < 300 ? "succeeded" : `${answer.status}`;
    return this.#follow(`${path}/last_operation`, ({ status, body: { state } }) => {
      if (isDeletion && status === 410) return "succeeded";
      return state === "in progress" ? undefined : String(status === 200 ? state : status);
    });
  }

  async #list(resource: string): Promise<Static<typeof Listed>> {
    const { body } = await this.askUntilAnswered("GET", resource);
    return parseAs(Listed, body[resource.split("/").at(-1) ?? ""], `GET ${resource}`);
  }

  /** Makes a backup or a restore. Returns its id and the state in which it ended. */
  async make(collection: string, resource: string): Promise<{ readonly id: string; readonly state: string }> {
    const before = (await this.#list(resource)).length;
    const id = await pollUntil(this.#environment, collection, 1000, ENDING_MS_MAX, async () => {
      const known = await this.#list(resource);
      if (known.length > before) return known.at(-1)?.id;
      const answer = await this.#client.send("POST", collection);
      return answer.kind === "answer" && answer.status === 202 ? String(answer.body.id) : undefined;
    });
    const state = await this.#follow(`${resource}/${id}`, ({ body: view }) =>
      view.state === "queued" || view.state === "running" ? undefined : String(view.state),
    );
    return { id, state };
  }

  /** Fetches the broker's records, with the login of its operators. */
  async records(): Promise<readonly InstanceRecord[]> {
    const operator = osbClient(this.#environment, { ...this.#broker, ...this.#broker.operator });
    const { body } = await this.askUntilAnswered("GET", "/instances", undefined, operator);
    return parseAs(InstanceRecords, body, "GET /instances").instances;
  }
}
