import type { Environment } from "../../simulators/environment.ts";
import type { World } from "../../simulators/world.ts";
import { isOf, parseAs } from "../clients/answers.ts";
import {
  type BindingCredentials,
  BindingBody,
  type BrokerAddress,
  CatalogBody,
  describeAnswer,
  type OsbAnswer,
  type OsbClient,
  osbClient,
  type OsbReply,
} from "../clients/osb.ts";
import { ScenarioError } from "../errors.ts";
import { pollUntil } from "../poll.ts";
import type { Narrate, StoryLine } from "./story.ts";

const CONTEXT = {
  platform: "cloudfoundry",
  organization_guid: "11111111-0000-4000-8000-000000000001",
  space_guid: "11111111-0000-4000-8000-000000000002",
};

const CATALOG_MS_MAX = 600_000;
const OPERATION_MS_MAX = 2 * 3_600_000;

/** @throws ScenarioError SCENARIO_UNEXPECTED_ANSWER */
function expectReply(answer: OsbAnswer, call: string, ...statuses: readonly number[]): OsbReply {
  if (answer.kind === "answer" && statuses.includes(answer.status)) return answer;
  throw new ScenarioError("SCENARIO_UNEXPECTED_ANSWER", `${call} answered ${describeAnswer(answer)}`);
}

/** Follows an operation to its end and returns its state; a resource that is gone counts as succeeded. */
export async function followOperation(environment: Environment, client: OsbClient, path: string): Promise<string> {
  return pollUntil(environment, path, 10_000, OPERATION_MS_MAX, async () => {
    const answer = await client.send("GET", path);
    if (answer.kind === "unknown" || answer.status >= 500) return undefined;
    if (answer.status === 410) return "succeeded";
    const state = String(expectReply(answer, `GET ${path}`, 200).body.state);
    return state === "in progress" ? undefined : state;
  });
}

/** A customer at one broker, with the plan of its choice. */
interface Customer {
  readonly environment: Environment;
  readonly client: OsbClient;
  readonly ids: { readonly service_id: string; readonly plan_id: string };
  readonly narrate: Narrate;
}

/** @throws ScenarioError if the operation fails or does not end */
async function expectSuccess({ environment, client, ids }: Customer, what: string, path: string): Promise<void> {
  const query = `service_id=${ids.service_id}&plan_id=${ids.plan_id}`;
  const state = await followOperation(environment, client, `${path}/last_operation?${query}`);
  if (state !== "succeeded") throw new ScenarioError("SCENARIO_UNEXPECTED_ANSWER", `${what} ended ${state}`);
}

/** Finds the broker by its name and chooses the first plan of its catalog. */
async function readCatalog(
  environment: Environment,
  client: OsbClient,
  url: string,
  narrate: Narrate,
): Promise<Customer["ids"] & { readonly planName: string }> {
  const { services } = await pollUntil(environment, "the catalog", 1000, CATALOG_MS_MAX, async () => {
    const answer = await client.send("GET", "/v2/catalog");
    if (answer.kind === "unknown" || answer.status !== 200) return undefined;
    return parseAs(CatalogBody, answer.body, "GET /v2/catalog");
  });
  const [service] = services;
  const [plan] = service?.plans ?? [];
  if (service === undefined || plan === undefined)
    throw new ScenarioError("SCENARIO_UNEXPECTED_ANSWER", "the catalog is empty");
  const names = service.plans.map(({ name }) => name).join(", ");
  narrate("customer", `fetches the catalog from ${url}/v2/catalog: ${service.name} with plans ${names}`);
  return { service_id: service.id, plan_id: plan.id, planName: plan.name };
}

/**
 * Plays the last act: a customer finds the broker by its name, orders a PostgreSQL instance, sees BOSH deploy it, and binds.
 *
 * @throws ScenarioError if the broker refuses or fails
 */
export async function orderAndBind(
  world: World,
  broker: BrokerAddress,
  tell: (line: StoryLine) => void,
): Promise<BindingCredentials> {
  const environment = world.environmentAt(world.plan.applications);
  const client = osbClient(environment, broker);
  const narrate: Narrate = (who, text) => tell({ atMs: environment.nowMs(), who, text });
  const { planName, ...ids } = await readCatalog(environment, client, broker.url, narrate);
  const customer: Customer = { environment, client, ids, narrate };
  const path = `/v2/service_instances/${world.kernel.random("customer").uuid()}`;
  await order(customer, path, planName);
  return bind(customer, `${path}/service_bindings/${world.kernel.random("customer").uuid()}`);
}

async function order(customer: Customer, path: string, planName: string): Promise<void> {
  const { organization_guid, space_guid } = CONTEXT;
  const request = { ...customer.ids, context: CONTEXT, organization_guid, space_guid };
  const answer = await customer.client.send("PUT", `${path}?accepts_incomplete=true`, request);
  expectReply(answer, "provision", 201, 202);
  customer.narrate("customer", `orders an instance of ${planName}`);
  await expectSuccess(customer, "the instance", path);
  customer.narrate("director", "has deployed the instance's VMs");
}

async function bind(customer: Customer, path: string): Promise<BindingCredentials> {
  const { client, ids, narrate } = customer;
  const request = { ...ids, context: CONTEXT, bind_resource: { space_guid: CONTEXT.space_guid } };
  const answer = await client.send("PUT", `${path}?accepts_incomplete=true`, request);
  let { status, body } = expectReply(answer, "bind", 201, 202);
  if (status === 202) {
    await expectSuccess(customer, "the binding", path);
    ({ status, body } = expectReply(await client.send("GET", path), "GET binding", 200));
  }
  if (!isOf(BindingBody, body))
    throw new ScenarioError("SCENARIO_UNEXPECTED_ANSWER", `the binding has no credentials (${status})`);
  const { host, port, name, username } = body.credentials;
  narrate(
    "customer",
    `binds and gets host ${host}, port ${port}, database ${name}, user ${username}, a password and a uri`,
  );
  return body.credentials;
}
