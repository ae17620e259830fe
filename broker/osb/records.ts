import type { FastifyInstance } from "fastify";
import { parseParts } from "../backup/backups.ts";
import { parseObject } from "../json.ts";
import type { OperationContext } from "../operations/context.ts";
import type { BackupRow, BindingRow, InstanceRow } from "../store/schema.ts";
import type { Operation } from "../store/store.ts";
import { RECORDS_PATH } from "./paths.ts";

const byInstance = <T extends { readonly instance_id: string }>(
  rows: readonly T[],
): ReadonlyMap<string, readonly T[]> => Map.groupBy(rows, ({ instance_id: id }) => id);

interface InstanceParts {
  readonly operations: readonly Operation[] | undefined;
  readonly bindings: readonly BindingRow[] | undefined;
  readonly backups: readonly BackupRow[] | undefined;
}

const describeInstance = (row: InstanceRow, { operations, bindings, backups }: InstanceParts): object => ({
  id: row.id,
  plan_id: row.plan_id,
  deployment: row.deployment,
  state: row.state,
  context: parseObject(row.context),
  operation: operations?.[0]?.kind ?? null,
  bindings: (bindings ?? []).map(({ id, state, username }) => ({ id, state, username })),
  backups: (backups ?? []).map(({ id, state, parts }) => ({
    id,
    state,
    objects: parseParts(parts).map(({ name }) => name),
  })),
});

/** Lists what the broker records of each instance, without secrets: for operators, and for checks that nothing is left over. */
async function listRecords({ store }: OperationContext): Promise<object> {
  const bindings = byInstance(await store.bindings());
  const backups = byInstance(await store.backups());
  const operations = byInstance(await store.openOperations());
  const instances = (await store.instances()).map((row) =>
    describeInstance(row, {
      operations: operations.get(row.id),
      bindings: bindings.get(row.id),
      backups: backups.get(row.id),
    }),
  );
  return { instances };
}

/** GET /instances, with the operators' login. */
export function recordRoutes(app: FastifyInstance, context: OperationContext): void {
  app.get(RECORDS_PATH, () => listRecords(context));
}
