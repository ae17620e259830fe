import type { JsonObject } from "../../client/http/json.ts";
import { maintenanceVersion, schemaOf } from "../../client/catalog.ts";
import type { OsbContext } from "../context.ts";
import type { UpdateRecord } from "../sequences/updates.ts";
import { violatingParameters } from "./violations.ts";

/** An update that is to be refused, although it includes a change that the broker accepts otherwise. */
interface RefusedUpdate {
  readonly words: string;
  readonly body: JsonObject;
}

const withoutService = (body: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(body).filter(([name]) => name !== "service_id"));

/**
 * Every kind of refusal that an update can get, each with a change that is known to be accepted: a broker that applies before it validates would
 * leave it behind.
 */
export function refusedUpdates(context: OsbContext, { live, change }: UpdateRecord): readonly RefusedUpdate[] {
  const { minor, platform, run } = context;
  const { body } = change;
  const unfit = violatingParameters(live.offer, "update");
  const wrongVersion = { maintenance_info: { version: "0.0.0-drydock" } };
  const isMaintained = minor >= 15 && maintenanceVersion(live.offer) !== undefined;
  const foreign = run.services.find(({ id }) => id !== live.offer.service.id);
  return [
    { words: "no service_id", body: withoutService(body) },
    { words: "an empty service_id", body: { ...body, service_id: "" } },
    { words: "an unknown service_id", body: { ...body, service_id: platform.newId() } },
    ...(foreign === undefined ? [] : [{ words: "another offering", body: { ...body, service_id: foreign.id } }]),
    { words: "an unknown plan_id", body: { ...body, plan_id: platform.newId() } },
    { words: "parameters of the wrong type", body: { ...body, parameters: "text" } },
    ...(unfit === undefined || schemaOf(live.offer, "update") === undefined
      ? []
      : [{ words: "parameters that do not fit the schema", body: { ...body, parameters: unfit } }]),
    ...(isMaintained ? [{ words: "another maintenance version", body: { ...body, ...wrongVersion } }] : []),
  ];
}
