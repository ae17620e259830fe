import type { FastifyReply } from "fastify";
import { concurrency, OsbError } from "../../errors.ts";
import type { OperationContext } from "../../operations/context.ts";
import { type ProvisionPayload, provisionPayload } from "../../operations/payloads.ts";
import type { Plan } from "../../spi/services/service.ts";
import type { InstanceRow } from "../../store/schema.ts";
import { sealText } from "../../store/seal.ts";
import { canonical, ownerOf } from "../canonical.ts";
import { objectBody, optionalObject, type RequestBody, requiredText } from "../fields.ts";
import { checkId, randomHex } from "../ids.ts";
import { checkMaintenance, checkOffer, instanceParameters } from "../offering.ts";
import {
  acceptedReply,
  type AnswerBody,
  type ControlPlane,
  newOperation,
  openOperation,
  requireAsync,
} from "../operations.ts";
import { quotasOf, refuseQuota } from "../quotas.ts";
import { describeDashboard, type InstanceRequest } from "./lookup.ts";

/** The instance that a platform orders. */
interface ProvisionRequest {
  readonly plan: Plan;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly owner: string;
  /** The context object of the request (OSB, "Context Object"). */
  readonly osbContext: object;
}

/** @throws OsbError 400, 422 */
function parseProvision(context: OperationContext, body: RequestBody): ProvisionRequest {
  const plan = checkOffer(context.catalog.offerings, body);
  const organization = requiredText(body.organization_guid, "organization_guid");
  const space = requiredText(body.space_guid, "space_guid");
  const osbContext = optionalObject(body.context, "context");
  const parameters = instanceParameters(context.service, body.parameters, "create");
  checkMaintenance(body.maintenance_info, context.catalog.maintenance.version);
  return { plan, parameters, owner: ownerOf(osbContext, organization, space), osbContext };
}

function newInstance(context: OperationContext, id: string, request: ProvisionRequest): InstanceRow {
  const secrets = { agentPassword: randomHex(context, 32) };
  return {
    id,
    plan_id: request.plan.id,
    deployment: `d${randomHex(context, 4).slice(0, 7)}`,
    state: "creating",
    owner: request.owner,
    parameters: JSON.stringify(request.parameters),
    context: JSON.stringify(request.osbContext),
    secrets: sealText(context.seal, JSON.stringify(secrets)),
    address: "",
    version: 1,
    created_ms: context.host.nowMs(),
    maintenance: JSON.stringify(context.catalog.maintenance),
  };
}

const isSameRequest = (row: InstanceRow, { plan, parameters, owner }: ProvisionRequest): boolean =>
  row.plan_id === plan.id && row.owner === owner && canonical(JSON.parse(row.parameters)) === canonical(parameters);

/** PUT of an instance. @throws OsbError 400, 409, 422 */
export async function provision(
  controlPlane: ControlPlane,
  request: InstanceRequest,
  reply: FastifyReply,
): Promise<AnswerBody> {
  const { context, executor } = controlPlane;
  const id = checkId(request.params.id);
  const wanted = parseProvision(context, objectBody(request.body));
  // A new order, as most are, costs no look: if it turns out not to be new, its operation can't be opened.
  if (request.query.accepts_incomplete !== "true") {
    const known = await answerRepeatedProvision(context, id, wanted, reply);
    if (known !== undefined) return known;
    requireAsync(request.query);
  }
  const row = newInstance(context, id, wanted);
  const payload: ProvisionPayload = { row };
  const operation = newOperation(context, { instanceId: id, kind: "provision", payload });
  // Of two equal requests at once, one opens the operation; the other is answered as a repetition.
  const quotas = quotasOf(context, wanted.plan);
  if (!(await openOperation(controlPlane, operation, { table: "instances", row }, quotas).catch(refuseQuota)))
    return (await answerRepeatedProvision(context, id, wanted, reply)) ?? Promise.reject(concurrency());
  void executor.start(operation);
  return { ...acceptedReply(reply, operation), ...describeDashboard(context, id) };
}

/** Answers a repetition of the same order: 202 while it is carried out, 200 once it is done. @throws OsbError 409, 422 for another order */
async function answerRepeatedProvision(
  context: OperationContext,
  id: string,
  wanted: ProvisionRequest,
  reply: FastifyReply,
): Promise<AnswerBody | undefined> {
  const busy = await context.store.busyWith(id);
  const row =
    (await context.store.instance(id)) ?? (busy?.kind === "provision" ? provisionPayload(busy).row : undefined);
  if (row === undefined) {
    if (busy !== undefined) throw concurrency();
    return undefined;
  }
  if (busy?.kind === "deprovision") throw concurrency();
  if (row.state === "failed" || !isSameRequest(row, wanted))
    throw new OsbError(409, "A service instance with this id exists already.");
  if (busy?.kind === "provision") return { ...acceptedReply(reply, busy), ...describeDashboard(context, id) };
  reply.code(200);
  return describeDashboard(context, id);
}
