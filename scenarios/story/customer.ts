import type { World } from "../../simulators/world.ts";
import { type BrokerAddress, type OsbClient, osbClient } from "../clients/osb.ts";
import { ScenarioError, type Environment, type StoryLine, until } from "../stage.ts";

/** What a binding gives an application (dataservices: PostgreSQL). */
export interface Binding {
  readonly host: string;
  readonly port: number;
  readonly name: string;
  readonly username: string;
  readonly password: string;
  readonly uri: string;
}

interface Catalog {
  readonly services: readonly {
    readonly id: string;
    readonly name: string;
    readonly plans: readonly { readonly id: string; readonly name: string }[];
  }[];
}

const CONTEXT = {
  platform: "cloudfoundry",
  organization_guid: "11111111-0000-4000-8000-000000000001",
  space_guid: "11111111-0000-4000-8000-000000000002",
};

const OPERATION_MS_MAX = 2 * 3_600_000;

function body(
  answer: Awaited<ReturnType<OsbClient["send"]>>,
  call: string,
  ...statuses: number[]
): Readonly<Record<string, unknown>> {
  if (answer.kind === "unknown") throw new ScenarioError("SCENARIO_UNEXPECTED_ANSWER", `${call}: ${answer.reason}`);
  if (!statuses.includes(answer.status)) {
    throw new ScenarioError(
      "SCENARIO_UNEXPECTED_ANSWER",
      `${call} answered ${answer.status}: ${JSON.stringify(answer.body)}`,
    );
  }
  return answer.body;
}

/** Follows an operation to its end and answers with its state; a resource that is gone counts as succeeded. */
export async function followOperation(environment: Environment, client: OsbClient, path: string): Promise<string> {
  return until(environment, path, 10_000, OPERATION_MS_MAX, async () => {
    const answer = await client.send("GET", path);
    if (answer.kind === "unknown" || answer.status >= 500) return undefined;
    if (answer.status === 410) return "succeeded";
    const state = String(body(answer, `GET ${path}`, 200).state);
    return state === "in progress" ? undefined : state;
  });
}

/**
 * The last act: a customer finds the broker by its name, orders a PostgreSQL instance, sees BOSH deploy it, and binds.
 *
 * @throws ScenarioError when the broker refuses or fails
 */
export async function orderAndBind(
  world: World,
  broker: BrokerAddress,
  tell: (line: StoryLine) => void,
): Promise<Binding> {
  const stage = world.environmentAt(world.plan.applications);
  const client = osbClient(stage, broker);
  const say = (who: string, text: string): void => tell({ atMs: stage.nowMs(), who, text });
  const catalog = (await until(stage, "the catalog", 1000, 600_000, async () => {
    const answer = await client.send("GET", "/v2/catalog");
    return answer.kind === "answer" && answer.status === 200 ? answer.body : undefined;
  })) as unknown as Catalog;
  const [service] = catalog.services;
  const [plan] = service?.plans ?? [];
  if (service === undefined || plan === undefined)
    throw new ScenarioError("SCENARIO_UNEXPECTED_ANSWER", "the catalog is empty");
  say(
    "customer",
    `fetches the catalog from ${broker.url}/v2/catalog: ${service.name} with plans ${service.plans.map(({ name }) => name).join(", ")}`,
  );

  const ids = { service_id: service.id, plan_id: plan.id };
  const path = `/v2/service_instances/${world.kernel.random("customer").uuid()}`;
  const request = {
    ...ids,
    context: CONTEXT,
    organization_guid: CONTEXT.organization_guid,
    space_guid: CONTEXT.space_guid,
  };
  body(await client.send("PUT", `${path}?accepts_incomplete=true`, request), "provision", 201, 202);
  say("customer", `orders an instance of ${plan.name}`);
  const state = await followOperation(
    stage,
    client,
    `${path}/last_operation?service_id=${service.id}&plan_id=${plan.id}`,
  );
  if (state !== "succeeded") throw new ScenarioError("SCENARIO_UNEXPECTED_ANSWER", `the instance ended ${state}`);
  say("director", "has deployed the instance's VMs");
  return bind(world, client, `${path}/service_bindings/${world.kernel.random("customer").uuid()}`, ids, say);
}

async function bind(
  world: World,
  client: OsbClient,
  path: string,
  ids: { readonly service_id: string; readonly plan_id: string },
  say: (who: string, text: string) => void,
): Promise<Binding> {
  const stage = world.environmentAt(world.plan.applications);
  const answer = await client.send("PUT", `${path}?accepts_incomplete=true`, {
    ...ids,
    context: CONTEXT,
    bind_resource: { space_guid: CONTEXT.space_guid },
  });
  let bound = body(answer, "bind", 201, 202);
  if (answer.kind === "answer" && answer.status === 202) {
    const state = await followOperation(
      stage,
      client,
      `${path}/last_operation?service_id=${ids.service_id}&plan_id=${ids.plan_id}`,
    );
    if (state !== "succeeded") throw new ScenarioError("SCENARIO_UNEXPECTED_ANSWER", `the binding ended ${state}`);
    bound = body(await client.send("GET", path), "GET binding", 200);
  }
  const binding = bound.credentials as Binding;
  say(
    "customer",
    `binds and gets host ${binding.host}, port ${binding.port}, database ${binding.name}, user ${binding.username}, a password and a uri`,
  );
  return binding;
}
