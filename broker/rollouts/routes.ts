import type { FastifyInstance } from "fastify";
import Type from "typebox";
import { Compile } from "typebox/compile";
import { isoTime } from "../backup/routes/answers.ts";
import { badRequest, OsbError } from "../errors.ts";
import { parseObject } from "../json.ts";
import type { OperationContext } from "../operations/context.ts";
import { objectBody } from "../osb/fields.ts";
import type { AnswerBody } from "../osb/operations.ts";
import { OPERATOR_PATH } from "../osb/paths.ts";
import type { RolloutRow } from "../store/schema.ts";
import { leftBehind, type Rollouts } from "./rollouts.ts";

const WAVE_DEFAULT = 5;
const WAVE_MAX = 100;
const FAILURES_MAX = 10_000;
const LISTED_MAX = 100;

const ORDER = Compile(
  Type.Object(
    {
      wave: Type.Optional(Type.Integer({ minimum: 1, maximum: WAVE_MAX })),
      failures_max: Type.Optional(Type.Integer({ minimum: 0, maximum: FAILURES_MAX })),
    },
    { additionalProperties: false },
  ),
);

const describeRollout = (row: RolloutRow): AnswerBody => ({
  id: row.id,
  state: row.state,
  maintenance: parseObject(row.maintenance),
  wave: row.wave,
  failures_max: row.failures_max,
  waves: row.waves,
  updated: row.updated,
  failed: leftBehind(row.failed),
  skipped: leftBehind(row.skipped),
  started_at: isoTime(row.started_ms),
  finished_at: isoTime(row.finished_ms),
});

async function requireRollout({ store }: OperationContext, id: string): Promise<RolloutRow> {
  const row = await store.rollout(id);
  if (row === undefined) throw new OsbError(404, "There is no such rollout.");
  return row;
}

/** POST begins a rollout, GET shows it, DELETE ends it after the wave in progress. With the operators' login. */
export function rolloutRoutes(app: FastifyInstance, context: OperationContext, rollouts: Rollouts): void {
  const path = `${OPERATOR_PATH}/rollouts`;
  const note = (action: string, subject: string): Promise<void> =>
    context.store.note({ at_ms: context.host.nowMs(), actor: "operator", action, subject, detail: "" });
  app.post<{ Body: unknown }>(path, async (request, reply) => {
    const order = request.body === undefined || request.body === null ? {} : objectBody(request.body);
    if (!ORDER.Check(order))
      throw badRequest(`wave is a whole number from 1 to ${WAVE_MAX}, failures_max one from 0; there is nothing else.`);
    const row = await rollouts.begin({ wave: order.wave ?? WAVE_DEFAULT, failuresMax: order.failures_max ?? 0 });
    await note("rollout", row.id);
    reply.code(202);
    return describeRollout(row);
  });
  app.get(path, async () => ({ rollouts: (await context.store.rollouts(LISTED_MAX)).map(describeRollout) }));
  app.get<{ Params: { id: string } }>(`${path}/:id`, async ({ params }) =>
    describeRollout(await requireRollout(context, params.id)),
  );
  app.delete<{ Params: { id: string } }>(`${path}/:id`, async ({ params }) => {
    const { id } = await requireRollout(context, params.id);
    await rollouts.stop(id);
    await note("rollout-stop", id);
    return describeRollout(await requireRollout(context, id));
  });
}
