import type { FastifyRequest } from "fastify";
import { OsbError } from "../../errors.ts";
import { domainOf, type OperationContext, secretsOf } from "../../operations/context.ts";
import { credentialsOf, endpointsOf } from "../../spi/credentials.ts";
import type { BindingRow, InstanceRow } from "../../store/schema.ts";
import { openText } from "../../store/seal.ts";
import { minorOf } from "../headers.ts";
import { requireInstance } from "../instances/lookup.ts";
import type { AnswerBody, ResourceRoute } from "../operations.ts";

/** A route of service bindings. */
export type BindingRoute = ResourceRoute<{ id: string; binding: string }>;
/** A request for a service binding. */
export type BindingRequest = FastifyRequest<BindingRoute>;

/** Endpoints were introduced with this minor version; an older platform does not know the member. */
const ENDPOINTS_MINOR = 15;

/** A binding as its platform sees it. */
export function describeBinding(
  context: OperationContext,
  request: BindingRequest,
  instance: InstanceRow,
  row: BindingRow,
): AnswerBody {
  const location = { service: context.service, domain: domainOf(context), instance };
  const ca = secretsOf(context, instance).ca;
  const login = { username: row.username, password: openText(context.seal, row.password) };
  return {
    credentials: credentialsOf(location, { ...login, ...(ca !== undefined && { cacrt: ca }) }),
    ...(minorOf(request.headers) >= ENDPOINTS_MINOR && { endpoints: endpointsOf(location) }),
  };
}

/** Finds a binding of this instance; another instance's does not count. @throws OsbError 404 or 410 if there is no such instance */
export async function findOwnBinding(
  context: OperationContext,
  request: BindingRequest,
  status: 404 | 410,
): Promise<{ instance: InstanceRow; binding: BindingRow | undefined }> {
  const instance = await requireInstance(context, request.params.id, status);
  const binding = await context.store.binding(request.params.binding);
  return { instance, binding: binding?.instance_id === instance.id ? binding : undefined };
}

/** The refusal of a request for a binding that does not exist. */
export const noBinding = (status: 404 | 410): OsbError => new OsbError(status, "There is no such service binding.");
