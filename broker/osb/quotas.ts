import { OsbError } from "../errors.ts";
import type { OperationContext } from "../operations/context.ts";
import type { Plan } from "../spi/services/service.ts";
import { QuotaError, type QuotaRule } from "../store/quotas.ts";

/** The quota of a plan alone, which an update to it must keep. */
export function quotasOfPlan({ config }: OperationContext, plan: Plan): readonly QuotaRule[] {
  const max = config.quotas?.plans?.[plan.name];
  return max === undefined ? [] : [{ of: `plan ${plan.name}`, planIds: [plan.id], max }];
}

/** Every quota that a new instance of a plan must keep: the broker's, the service's, the plan's, in this order. */
export function quotasOf(context: OperationContext, plan: Plan): readonly QuotaRule[] {
  const { broker, services } = context.config.quotas ?? {};
  const offering = context.service.offerings.find(({ id }) => id === plan.offeringId);
  const max = offering && services?.[offering.name];
  return [
    ...(broker === undefined ? [] : [{ of: "the broker", max: broker }]),
    ...(offering === undefined || max === undefined
      ? []
      : [{ of: `service ${offering.name}`, planIds: offering.plans.map(({ id }) => id), max }]),
    ...quotasOfPlan(context, plan),
  ];
}

/**
 * Tells a platform that a quota has no room.
 *
 * The specification has no code for it, but lets a broker have codes of its own; with one, a platform can tell it from a request that is wrong. It
 * is a 4xx, because nothing was begun that would need cleaning up.
 *
 * @throws OsbError 422 QuotaExceeded; whatever else it is given
 */
export function refuseQuota(error: unknown): never {
  if (!(error instanceof QuotaError)) throw error;
  const { of, max } = error.rule;
  const description = `The quota of ${of} is exceeded: ${max} service instance${max === 1 ? "" : "s"} at once. Ask your operator for more.`;
  throw new OsbError(422, description, "QuotaExceeded");
}
