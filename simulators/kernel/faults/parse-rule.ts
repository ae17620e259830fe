import { KernelError } from "../errors.ts";
import { EFFECT_KINDS, effectSchema, fieldsOf, isEffectKind } from "./effects.ts";
import { isObject } from "../json.ts";
import { type Field, integer, TEXT } from "./fields.ts";
import type { FaultRule } from "./point.ts";

const COUNT: Field<number | null> = {
  expects: "a whole number from 1, or null for without end",
  schema: { type: ["integer", "null"], minimum: 1 },
  accepts: (value): value is number | null => value === null || integer(1).accepts(value),
};

const PROBABILITY: Field<number> = {
  expects: "a number over 0 and at most 1",
  schema: { type: "number", exclusiveMinimum: 0, maximum: 1 },
  accepts: (value): value is number => typeof value === "number" && value > 0 && value <= 1,
};

const MATCH: Field<Readonly<Record<string, string>>> = {
  expects: "an object of attributes, each a pattern of at most 1000 characters",
  schema: { type: "object", additionalProperties: TEXT.schema },
  accepts: (value): value is Readonly<Record<string, string>> =>
    isObject(value) && Object.values(value).every((each) => TEXT.accepts(each)),
};

const OPTIONAL: Readonly<Record<string, Field<unknown>>> = {
  match: MATCH,
  skip: integer(0),
  count: COUNT,
  probability: PROBABILITY,
};

/** JSON Schema of a rule. */
export const RULE_SCHEMA = {
  type: "object",
  additionalProperties: false,
  required: ["point", "effect"],
  properties: {
    point: TEXT.schema,
    ...Object.fromEntries(Object.entries(OPTIONAL).map(([name, { schema }]) => [name, schema])),
    effect: { oneOf: EFFECT_KINDS.map(effectSchema) },
  },
};

/** `"b"; it has a, c` */
const unknownMember = (name: string, known: readonly string[]): string =>
  `no member "${name}"; it has ${known.join(", ")}`;

function* faultsOfEffect(effect: unknown): Generator<string> {
  if (!isObject(effect)) return yield "effect: expected an object with a kind";
  const { kind, ...given } = effect;
  if (!isEffectKind(kind)) return yield `effect.kind: expected one of ${EFFECT_KINDS.join(", ")}`;
  const fields = fieldsOf(kind);
  for (const [name, field] of fields) {
    const isMissing = given[name] === undefined;
    if (isMissing ? field.isOptional !== true : !field.accepts(given[name]))
      yield `effect.${name} of ${kind}: expected ${field.expects}`;
  }
  const known = fields.map(([name]) => name);
  for (const name of Object.keys(given))
    if (!known.includes(name)) yield `effect: ${kind} has ${unknownMember(name, ["kind", ...known])}`;
}

function* faultsOf(rule: unknown): Generator<string> {
  if (!isObject(rule)) return yield "expected an object with point and effect";
  if (!TEXT.accepts(rule.point)) yield `point: expected ${TEXT.expects}`;
  for (const [name, field] of Object.entries(OPTIONAL))
    if (rule[name] !== undefined && !field.accepts(rule[name])) yield `${name}: expected ${field.expects}`;
  yield* faultsOfEffect(rule.effect);
  const known = ["point", ...Object.keys(OPTIONAL), "effect"];
  for (const name of Object.keys(rule)) if (!known.includes(name)) yield `a rule has ${unknownMember(name, known)}`;
}

/**
 * Reads a value as a rule, of which it returns a copy.
 *
 * @throws KernelError FAULT_BAD_RULE with the first thing that is wrong
 */
export function parseRule(value: unknown): FaultRule {
  for (const fault of faultsOf(value)) throw new KernelError("FAULT_BAD_RULE", fault);
  return structuredClone(value) as FaultRule;
}
