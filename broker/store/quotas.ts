import type { Kysely } from "kysely";
import Type from "typebox";
import { Compile } from "typebox/compile";
import type { Tables } from "./schema.ts";

/** How many instances there may be at once of some plans, or of all. */
export interface QuotaRule {
  /** The subject of the quota, for people: `plan postgresql-single-nano`. */
  readonly of: string;
  /** The plans that it counts. Default: all. */
  readonly planIds?: readonly string[];
  readonly max: number;
}

/** A quota has no room for the order, so no operation was opened. */
export class QuotaError extends Error {
  readonly rule: QuotaRule;

  constructor(rule: QuotaRule) {
    super(`the quota of ${rule.of} is ${rule.max}`);
    this.name = "QuotaError";
    this.rule = rule;
  }
}

const UPDATE = Compile(Type.Object({ planId: Type.String() }));

/** Instances of these plans, and those that are about to become one. Failed provisions do not count. */
async function countOf(db: Kysely<Tables>, planIds: readonly string[] | undefined): Promise<number> {
  const rows = await db.selectFrom("instances").select(["id", "plan_id"]).where("state", "!=", "failed").execute();
  if (planIds === undefined) return rows.length;
  const own = new Set(rows.filter(({ plan_id: plan }) => planIds.includes(plan)).map(({ id }) => id));
  const updates = await db
    .selectFrom("operations")
    .select(["instance_id", "payload"])
    .where("kind", "=", "update")
    .where("state", "in", ["in progress", "undoing"])
    .execute();
  for (const { instance_id: id, payload } of updates) {
    const order: unknown = JSON.parse(payload);
    if (UPDATE.Check(order) && planIds.includes(order.planId)) own.add(id);
  }
  return own.size;
}

/**
 * Checks, within the transaction that has just written an order, whether every quota has room for it. Orders under a quota wait for each other, so
 * two can't both take the last place.
 *
 * @throws QuotaError for the first rule that has none
 */
export async function checkQuotas(db: Kysely<Tables>, rules: readonly QuotaRule[]): Promise<void> {
  if (rules.length === 0) return;
  await db.selectFrom("leases").select("name").where("name", "=", "quota").forUpdate().execute();
  for (const rule of rules) if ((await countOf(db, rule.planIds)) > rule.max) throw new QuotaError(rule);
}
