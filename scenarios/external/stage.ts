import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Type from "typebox";
import { parseAs } from "../clients/answers.ts";
import { Exercise } from "../coverage.ts";
import { ScenarioError } from "../errors.ts";
import { type HttpTarget, httpTransport } from "../load/transport.ts";
import { findBroker, startBroker } from "./broker-hook.ts";
import { CloudControl } from "./cloud-control.ts";
import { listDeployments } from "./director-view.ts";
import type { Abilities } from "./plan.ts";
import type { ExternalStage } from "./judge.ts";

/** A cloud opened for a play: its variables, as `drydock env` prints them. */
interface OpenedCloud {
  readonly environment: Readonly<Record<string, string | undefined>>;
  close(): Promise<void>;
}

/** An external broker, and how to handle it. */
export interface ExternalTarget {
  readonly target: HttpTarget;
  /** The command that starts the broker, for each seed on a cloud of its own. Default: it already runs, on the cloud of the environment. */
  readonly start?: string;
  /** The command that restarts a broker that already runs. Default: nobody can. */
  readonly restart?: string;
  readonly listing?: string;
  /** By name or id. Default: the first of the catalog. */
  readonly service?: string;
  readonly patienceMs: number;
  /** Opens the cloud of a seed. */
  openCloud(seed: number): Promise<OpenedCloud>;
}

const Catalog = Type.Object({
  services: Type.Array(
    Type.Object({
      id: Type.String(),
      name: Type.String(),
      bindable: Type.Boolean(),
      plan_updateable: Type.Optional(Type.Boolean()),
      plans: Type.Array(Type.Object({ id: Type.String() })),
    }),
  ),
});

/** A stage, what its broker offers, and how it ends. */
interface OpenedStage extends AsyncDisposable {
  readonly stage: ExternalStage;
  readonly abilities: Abilities;
}

/** Opens the stage of a seed: the cloud, and the broker on it. @throws ScenarioError when the broker does not come up */
export async function openStage(external: ExternalTarget, seed: number): Promise<OpenedStage> {
  await using ends = new AsyncDisposableStack();
  const cloud = await external.openCloud(seed);
  ends.defer(() => cloud.close());
  const scratch = mkdtempSync(join(tmpdir(), "drydock-broker-"));
  ends.defer(() => rmSync(scratch, { recursive: true, force: true }));
  const transport = httpTransport(external.target);
  ends.defer(() => transport.close());
  const environment = { ...cloud.environment, DRYDOCK_SCRATCH: scratch };
  const { start, restart } = external;
  const hook =
    start === undefined ? findBroker(restart, environment, transport) : startBroker(start, environment, transport);
  ends.defer(() => hook.close());
  await hook.start();
  const control = new CloudControl(cloud.environment);
  ends.defer(() => control.close());
  const reply = await transport.send({ method: "GET", path: "/v2/catalog" });
  const { services } = parseAs(Catalog, reply.kind === "answer" ? reply.body : {}, "GET /v2/catalog");
  const wanted = external.service;
  const service = services.find(({ id, name }) => wanted === undefined || wanted === id || wanted === name);
  if (service === undefined)
    throw new ScenarioError("SCENARIO_UNEXPECTED_ANSWER", `the catalog has no service ${wanted ?? ""}`);
  const stage: ExternalStage = {
    control,
    hook,
    transport,
    listing: external.listing,
    isDedicated: false,
    patienceMs: external.patienceMs,
    offer: {
      service: service.id,
      plans: service.plans.map(({ id }) => id),
    },
    deployments: () => listDeployments(cloud.environment),
    exercise: new Exercise(),
  };
  const abilities: Abilities = {
    plans: service.plans.length,
    canUpdate: service.plan_updateable === true,
    canBind: service.bindable,
    canRestart: hook.kill !== undefined,
  };
  const moved = ends.move();
  return { stage, abilities, [Symbol.asyncDispose]: () => moved.disposeAsync() };
}
