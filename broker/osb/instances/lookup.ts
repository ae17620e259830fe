import type { FastifyRequest } from "fastify";
import { dashboardUrlOf } from "../../dashboard/clients.ts";
import { badRequest, OsbError } from "../../errors.ts";
import type { OperationContext } from "../../operations/context.ts";
import type { InstanceRow } from "../../store/schema.ts";
import { checkOffer, checkOptionalOffer } from "../offering.ts";
import type { AnswerBody, ResourceRoute, RouteQuery } from "../operations.ts";

/** A route of service instances. */
export type InstanceRoute = ResourceRoute<{ id: string }>;
/** A request for a service instance. */
export type InstanceRequest = FastifyRequest<InstanceRoute>;

/**
 * Checks that the ids of a query are those of the instance.
 *
 * @param required false if the query may leave them out
 * @throws OsbError 400
 */
export function checkOwnIds(
  context: OperationContext,
  instance: InstanceRow,
  query: RouteQuery,
  required: boolean,
): void {
  const check = required ? checkOffer : checkOptionalOffer;
  check(context.service.offerings, query);
  if (query.plan_id !== undefined && query.plan_id !== instance.plan_id)
    throw badRequest("plan_id is not the plan of this service instance.");
}

/** The dashboard's URL as a member of an answer; empty if there is no dashboard. */
export const describeDashboard = ({ config: { dashboard } }: OperationContext, id: string): AnswerBody =>
  dashboard === undefined ? {} : { dashboard_url: dashboardUrlOf(dashboard, id) };

/** Refuses orders for an instance that its operator has taken out of use. @throws OsbError 422 */
export async function requireInUse({ store }: OperationContext, id: string): Promise<void> {
  if ((await store.quarantineOf(id)) !== undefined)
    throw new OsbError(422, "The service instance was taken out of use by its operator.");
}

/** Finds the instance with this id. @throws OsbError with this status if there is none */
export async function requireInstance(context: OperationContext, id: string, status: 404 | 410): Promise<InstanceRow> {
  const instance = await context.store.instance(id);
  if (instance === undefined) throw new OsbError(status, "There is no such service instance.");
  return instance;
}
