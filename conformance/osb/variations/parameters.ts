import { isObject, type Json, type JsonObject, sameJson } from "../../client/http/json.ts";
import { type Offer, schemaOf, type SchemaUse } from "../../client/catalog.ts";
import { differentFrom } from "../../client/schema.ts";
import type { RunContext } from "../../runner/suite.ts";
import { parametersOf } from "../request-bodies.ts";

/** A parameter that no broker knows: one that does not validate accepts it. */
const INVENTED = "drydock-conformance";

/** Parameters with an invented one, distinguished by `value`. */
export const withInvented = (parameters: JsonObject | undefined, value: string): JsonObject => ({
  ...parameters,
  [INVENTED]: value,
});

/** Whether an invented parameter is among those of a request: a broker may refuse one that it does not know. */
export const areInvented = (body: JsonObject): boolean =>
  isObject(body["parameters"]) && INVENTED in body["parameters"];

/** Another value of the same JSON type; undefined if there is no obvious one. */
function otherValue(value: Json): Json | undefined {
  if (typeof value === "string") return `${value}-2`;
  if (typeof value === "number") return value + 1;
  return typeof value === "boolean" ? !value : undefined;
}

/** The same parameters with one of them changed, for each whose value can be changed. */
function withOneChanged(parameters: JsonObject): readonly JsonObject[] {
  return Object.entries(parameters).flatMap(([name, value]) => {
    const other = otherValue(value);
    return other === undefined ? [] : [{ ...parameters, [name]: other }];
  });
}

/** How many variations of the parameters of drydock.yml are tried, at most. */
const VARIED_MAX = 3;

/**
 * Parameters other than the ordinary ones of a request, those first that the broker is likeliest to accept: what a published
 * schema accepts, what drydock.yml gives with one value changed, an invented one beside the ordinary ones.
 */
export function variedParameters(run: RunContext, offer: Offer, use: SchemaUse): readonly JsonObject[] {
  const ordinary = parametersOf(run, offer, use === "create" ? "provision" : use);
  const schema = schemaOf(offer, use);
  const fitting = isObject(schema) ? differentFrom(schema, ordinary ?? {}) : undefined;
  const candidates = [
    ...(fitting === undefined ? [] : [fitting]),
    ...withOneChanged(ordinary ?? {}).slice(0, VARIED_MAX),
    withInvented(ordinary, "varied"),
  ];
  return candidates.filter((each) => !sameJson(each, ordinary ?? {}));
}
