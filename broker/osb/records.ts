import type { FastifyInstance } from "fastify";
import type { BackupPart } from "../backup/backups.ts";
import type { OperationContext } from "../operations/context.ts";

const byInstance = <T extends { readonly instance_id: string }>(
  rows: readonly T[],
): ReadonlyMap<string, readonly T[]> => Map.groupBy(rows, ({ instance_id: id }) => id);

/** What the broker keeps of each instance, without its secrets: for operators, and for who checks that nothing is left over. */
async function records({ store }: OperationContext): Promise<object> {
  const bindings = byInstance(await store.bindings());
  const backups = byInstance(await store.backups());
  const open = byInstance(await store.openOperations());
  const instances = (await store.instances()).map((instance) => ({
    id: instance.id,
    plan_id: instance.plan_id,
    deployment: instance.deployment,
    state: instance.state,
    context: JSON.parse(instance.context) as object,
    operation: open.get(instance.id)?.[0]?.kind ?? null,
    bindings: (bindings.get(instance.id) ?? []).map(({ id, state, username }) => ({ id, state, username })),
    backups: (backups.get(instance.id) ?? []).map(({ id, state, parts }) => ({
      id,
      state,
      objects: (JSON.parse(parts) as readonly BackupPart[]).map(({ name }) => name),
    })),
  }));
  return { instances };
}

export const RECORDS_PATH = "/instances";

/** GET /instances, with the operators' login. */
export function recordRoutes(app: FastifyInstance, context: OperationContext): void {
  app.get(RECORDS_PATH, () => records(context));
}
