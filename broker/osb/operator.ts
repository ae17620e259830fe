import type { FastifyInstance, FastifyRequest } from "fastify";
import { badRequest, OsbError } from "../errors.ts";
import type { OpenStackProject } from "../openstack/project.ts";
import type { OperationContext } from "../operations/context.ts";
import { DIFFERENCES } from "../reconcile/differences.ts";
import { mendInstance, reconcile } from "../reconcile/reconcile.ts";
import type { InstanceRow, QuarantineRow } from "../store/schema.ts";
import { objectBody, requiredText } from "./fields.ts";
import { requireInstance } from "./instances/lookup.ts";
import type { AnswerBody, ControlPlane } from "./operations.ts";
import { OPERATOR_PATH } from "./paths.ts";

const PAGE_MAX = 1000;
const PAGE_DEFAULT = 100;
const REASON_CHARS_MAX = 500;
/** How long one reconciliation may keep others out, at most. */
const RECONCILE_MS_MAX = 10 * 60_000;

interface OperatorRoute {
  Params: { id: string };
  Querystring: Readonly<Record<string, string | undefined>>;
  Body: unknown;
}
type OperatorRequest = FastifyRequest<OperatorRoute>;

/** @throws OsbError 400 */
function pageSize(text: string | undefined): number {
  const size = text === undefined ? PAGE_DEFAULT : Number(text);
  if (!Number.isInteger(size) || size < 1 || size > PAGE_MAX)
    throw badRequest(`limit is a whole number from 1 to ${PAGE_MAX}.`);
  return size;
}

const describeInstance = (row: InstanceRow, quarantine: QuarantineRow | undefined): AnswerBody => ({
  id: row.id,
  plan_id: row.plan_id,
  deployment: row.deployment,
  state: row.state,
  address: row.address,
  created_at: new Date(row.created_ms).toISOString(),
  quarantine: quarantine === undefined ? null : describeQuarantine(quarantine),
});

const describeQuarantine = ({ reason, since_ms: sinceMs }: QuarantineRow): AnswerBody => ({
  reason,
  since: new Date(sinceMs).toISOString(),
});

/** A page of the instances, by id; `next` is the value of `after` for the page that follows, null on the last one. */
async function listInstances({ store }: OperationContext, { query }: OperatorRequest): Promise<AnswerBody> {
  const limit = pageSize(query.limit);
  const rows = await store.instancesAfter(query.after ?? "", limit);
  const quarantines = new Map((await store.quarantines()).map((row) => [row.instance_id, row]));
  return {
    instances: rows.map((row) => describeInstance(row, quarantines.get(row.id))),
    next: rows.length < limit ? null : (rows.at(-1)?.id ?? null),
  };
}

/** A page of the log, newest first; `next` is the value of `before` for the page that follows. */
async function listAudit({ store }: OperationContext, { query }: OperatorRequest): Promise<AnswerBody> {
  const limit = pageSize(query.limit);
  const before = query.before === undefined ? undefined : Number(query.before);
  if (before !== undefined && !Number.isInteger(before)) throw badRequest("before is a whole number.");
  const rows = await store.auditBefore(before, limit);
  return {
    audit: rows.map(({ sequence, at_ms: atMs, actor, action, subject, detail }) => ({
      sequence,
      at: new Date(atMs).toISOString(),
      actor,
      action,
      subject,
      detail,
    })),
    next: rows.length < limit ? null : (rows.at(-1)?.sequence ?? null),
  };
}

const note = ({ store, host }: OperationContext, action: string, subject: string, detail = ""): Promise<void> =>
  store.note({ at_ms: host.nowMs(), actor: "operator", action, subject, detail });

/** Takes an instance out of use: closed to applications, and closed to every order of a platform but an unbind. Its data stay as they are. */
async function quarantine(context: OperationContext, request: OperatorRequest): Promise<AnswerBody> {
  const reason = requiredText(objectBody(request.body).reason, "reason");
  if (reason.length > REASON_CHARS_MAX) throw badRequest(`reason is a text of at most ${REASON_CHARS_MAX} characters.`);
  const { id } = await requireInstance(context, request.params.id, 404);
  await context.store.addQuarantine({ instance_id: id, reason, since_ms: context.host.nowMs() });
  await note(context, "quarantine", id, reason);
  // From now on, whatever would open the instance sees that it must not; what is already open is closed here.
  await context.guard.narrow(id, []);
  return {};
}

/** Puts an instance back into use, and opens it to its bindings. @throws OsbError 404, 409 */
async function release(controlPlane: ControlPlane, id: string): Promise<AnswerBody> {
  const { context } = controlPlane;
  const instance = await requireInstance(context, id, 404);
  const before = await context.store.quarantineOf(instance.id);
  await context.store.deleteQuarantine(instance.id);
  const { isMended, why = "" } = await mendInstance(controlPlane, instance.id, "guard");
  if (!isMended) {
    if (before !== undefined) await context.store.addQuarantine(before);
    throw new OsbError(409, `The instance stays out of use: ${why}.`);
  }
  await note(context, "release", instance.id);
  return {};
}

async function compare(controlPlane: ControlPlane, project: OpenStackProject, mends: boolean): Promise<AnswerBody> {
  const { context } = controlPlane;
  if (!(await context.store.holdLease("reconcile", RECONCILE_MS_MAX)))
    throw new OsbError(409, "Another process reconciles at the moment.");
  try {
    const differences = await reconcile(controlPlane, project, mends);
    if (mends) await note(context, "reconcile", "", `${differences.length} differences`);
    return { differences: differences.map((each) => ({ ...each, means: DIFFERENCES[each.kind] })) };
  } finally {
    // The lease ends at once.
    await context.store.holdLease("reconcile", -1);
  }
}

/** The operators' API: a list in pages, the log of who did what, quarantine, reconcile. */
export function operatorRoutes(app: FastifyInstance, controlPlane: ControlPlane, project: OpenStackProject): void {
  const { context } = controlPlane;
  app.get<OperatorRoute>(`${OPERATOR_PATH}/instances`, (request) => listInstances(context, request));
  app.get<OperatorRoute>(`${OPERATOR_PATH}/audit`, (request) => listAudit(context, request));
  app.put<OperatorRoute>(`${OPERATOR_PATH}/instances/:id/quarantine`, (request) => quarantine(context, request));
  app.delete<OperatorRoute>(`${OPERATOR_PATH}/instances/:id/quarantine`, ({ params }) =>
    release(controlPlane, params.id),
  );
  app.post<OperatorRoute>(`${OPERATOR_PATH}/reconcile`, ({ query }) =>
    compare(controlPlane, project, query.mend === "true"),
  );
}
