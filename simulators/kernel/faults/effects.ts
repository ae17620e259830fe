import { type Field, HEADERS, integer, JSON_VALUE, optional, type OptionalField, TEXT } from "./fields.ts";

/** The longest delay of one occasion: a day. */
export const DELAY_MS_MAX = 86_400_000;
/** A call that hangs for this long, thirty days in the world's time, has failed, whether or not its rule is disarmed. */
export const STUCK_MS_MAX = 30 * 86_400_000;

interface EffectDefinition {
  /** The effect, and whom it affects. A point may describe its meaning there more closely. */
  readonly prose: string;
  readonly fields: Readonly<Record<string, Field<unknown>>>;
}

/** Everything that a rule can do at a point, by kind. */
export const EFFECTS = {
  reply: {
    prose:
      "The point answers with this status, body and headers instead of doing its work: a 5xx, a quota, a 404. Over DNS it answers SERVFAIL; the status is then one from 500 to 599, without body and headers.",
    fields: { status: integer(200, 599), body: optional(JSON_VALUE), headers: optional(HEADERS) },
  },
  delay: {
    prose:
      "The work is done this much later, even if the caller has hung up meanwhile. Disarming the rule ends the wait at once.",
    fields: { delayMs: integer(0, DELAY_MS_MAX) },
  },
  reset: {
    prose:
      "The connection breaks (TCP RST, over TLS without a closing alert) before any work is done. A datagram is lost: no answer comes.",
    fields: {},
  },
  "lost-reply": {
    prose: "The work is done, and the connection breaks before the answer: the caller can't know.",
    fields: {},
  },
  truncate: {
    prose:
      "The work is done and the answer stops in the middle: this many bytes of its body arrive, then the connection ends (TCP FIN, over TLS without a closing alert); a shorter answer arrives whole first. A datagram arrives cut to this many bytes, without DNS's flag TC, which would make it an honest answer.",
    fields: { bytes: integer(0) },
  },
  error: {
    prose:
      "The step fails with this message, which is only a note where the real system shows none. A code may be given at points whose `errorCode` says what it means.",
    fields: { message: TEXT, code: optional(integer(0)) },
  },
  stuck: {
    prose:
      "The thing stays in a transitional state for good, or the callee does not answer. A hanging call goes on when the rule is disarmed, is abandoned when its caller hangs up, and fails after thirty days of the world's time.",
    fields: {},
  },
  vanish: { prose: "The thing ceases to exist behind everybody's back.", fields: {} },
  stale: { prose: "The answer is what it would have been this many ms ago.", fields: { ageMs: integer(1) } },
} as const satisfies Readonly<Record<string, EffectDefinition>>;

/** The name of an effect. */
export type EffectKind = keyof typeof EFFECTS;
/** Every kind of effect, in the order of the catalogue. */
export const EFFECT_KINDS = Object.keys(EFFECTS) as readonly EffectKind[];

type Value<F> = F extends Field<infer T> ? T : never;
type Fields<K extends EffectKind> = (typeof EFFECTS)[K]["fields"];
type Required<F> = { readonly [N in keyof F as F[N] extends OptionalField<unknown> ? never : N]: Value<F[N]> };
type Optional<F> = { readonly [N in keyof F as F[N] extends OptionalField<unknown> ? N : never]?: Value<F[N]> };
type Flat<T> = { readonly [N in keyof T]: T[N] };

/** An effect of this kind, or of one of these kinds. */
export type EffectOf<K extends EffectKind> = {
  [P in K]: Flat<{ readonly kind: P } & Required<Fields<P>> & Optional<Fields<P>>>;
}[K];
/** An effect with its parameters. */
export type Effect = EffectOf<EffectKind>;

/** The fields of an effect of this kind, by name. */
export const fieldsOf = (kind: EffectKind): readonly (readonly [string, Field<unknown> & { isOptional?: true }])[] =>
  Object.entries(EFFECTS[kind].fields);

/** Whether this names an effect. */
export const isEffectKind = (kind: unknown): kind is EffectKind =>
  typeof kind === "string" && Object.hasOwn(EFFECTS, kind);

/** JSON Schema of an effect of this kind. */
export function effectSchema(kind: EffectKind): Readonly<Record<string, unknown>> {
  const fields = fieldsOf(kind);
  return {
    type: "object",
    properties: { kind: { const: kind }, ...Object.fromEntries(fields.map(([name, { schema }]) => [name, schema])) },
    required: ["kind", ...fields.filter(([, field]) => field.isOptional !== true).map(([name]) => name)],
    additionalProperties: false,
  };
}
