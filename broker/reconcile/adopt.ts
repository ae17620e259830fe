import Type from "typebox";
import { Compile } from "typebox/compile";
import { parse } from "yaml";
import { bodyOf, expectStatus } from "../http/client.ts";
import type { OperationContext } from "../operations/context.ts";
import { DirectorClient } from "../spi/director/client.ts";
import { MaintenanceSchema } from "../spi/maintenance.ts";
import type { InstanceRow } from "../store/schema.ts";
import { openText } from "../store/seal.ts";

const DEPLOYMENT = Compile(Type.Object({ manifest: Type.String() }));
const MANIFEST = Compile(
  Type.Object({
    instance_groups: Type.Array(
      Type.Object({
        jobs: Type.Array(
          Type.Object({
            properties: Type.Object({
              parameters: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
              broker: Type.Optional(
                Type.Object({
                  instance: Type.String(),
                  plan: Type.String(),
                  owner: Type.String(),
                  context: Type.String(),
                  created_ms: Type.Number(),
                  sealed_secrets: Type.Optional(Type.String()),
                  maintenance: Type.Optional(MaintenanceSchema),
                }),
              ),
            }),
          }),
        ),
      }),
    ),
  }),
);

/** Whether this broker's keys open what a manifest holds. */
function canOpen({ seal }: OperationContext, sealed: string): boolean {
  try {
    openText(seal, sealed);
    return true;
  } catch {
    return false;
  }
}

/**
 * Reads the broker's record of a deployment from its manifest. Undefined if the manifest does not say whose it is, or its secrets are
 * sealed under a key that this broker does not have: an early broker deployed it, or somebody else.
 *
 * @throws BackendError, FinalError
 */
export async function recordOfGhost(context: OperationContext, deployment: string): Promise<InstanceRow | undefined> {
  const director = new DirectorClient(context.config, context.host);
  const answer = await director.read(`/deployments/${deployment}`);
  const { manifest } = bodyOf(expectStatus(answer, `deployment ${deployment}`, 200), DEPLOYMENT);
  const tree: unknown = parse(manifest);
  if (!MANIFEST.Check(tree)) return undefined;
  const [properties] = tree.instance_groups.flatMap(({ jobs }) => jobs.map((job) => job.properties));
  const { broker, parameters = {} } = properties ?? {};
  if (broker?.sealed_secrets === undefined || !canOpen(context, broker.sealed_secrets)) return undefined;
  if (!context.service.plans.some(({ id }) => id === broker.plan)) return undefined;
  return {
    id: broker.instance,
    plan_id: broker.plan,
    deployment,
    state: "ready",
    owner: broker.owner,
    parameters: JSON.stringify(parameters),
    context: broker.context,
    secrets: broker.sealed_secrets,
    address: "",
    version: 1,
    created_ms: broker.created_ms,
    maintenance: broker.maintenance === undefined ? "" : JSON.stringify(broker.maintenance),
  };
}
