import Type, { type Static } from "typebox";

const Positive = Type.Number({ exclusiveMinimum: 0 });
const Weight = Type.Optional(Type.Number({ minimum: 0 }));

const OpenModel = Type.Object({
  kind: Type.Literal("open"),
  rate: Positive,
  rampTo: Type.Optional(Positive),
  spacing: Type.Enum(["even", "poisson"]),
  phase: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
});

const ClosedModel = Type.Object({
  kind: Type.Literal("closed"),
  users: Type.Integer({ minimum: 1 }),
  /** Pause of a user between an answer and the next request, in ms. */
  thinkMs: Type.Number({ minimum: 0 }),
});

/** The plan of a load run; plain data, as one process hands it to another. */
export const LoadPlan = Type.Object({
  target: Type.Object({
    url: Type.String(),
    headers: Type.Record(Type.String(), Type.String()),
    ca: Type.Optional(Type.String()),
    timeoutMs: Positive,
    connections: Type.Optional(Type.Integer({ minimum: 1 })),
  }),
  model: Type.Union([OpenModel, ClosedModel]),
  forMs: Positive,
  mix: Type.Object({
    catalog: Weight,
    provision: Weight,
    fetch: Weight,
    update: Weight,
    bind: Weight,
    unbind: Weight,
    deprovision: Weight,
  }),
  /** Service and plan of what is provisioned. */
  offer: Type.Object({ service_id: Type.String(), plan_id: Type.String() }),
  parameters: Type.Optional(Type.Object({})),
  /** How many instances are made before anything is measured. */
  instances: Type.Integer({ minimum: 0 }),
  /** Pause between two polls of an operation in progress, in ms. */
  pollMs: Positive,
  /** How long to wait for an operation to end, in ms. */
  operationMsMax: Positive,
  /** The most requests that may wait for answers at once. */
  inFlightMax: Type.Integer({ minimum: 1 }),
  /** The seed from which operations and their subjects are drawn. */
  seed: Type.Integer(),
  /** Marks the ids of this run and process, so that those of several differ. */
  prefix: Type.String(),
  /** Whether to keep what was made. */
  keep: Type.Boolean(),
  /** A URL that does no work, requested ten times a second. */
  beside: Type.Optional(Type.String()),
});
/** The plan of a load run. */
export type LoadPlan = Static<typeof LoadPlan>;
