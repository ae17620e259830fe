import type { JsonObject } from "../../client/http/json.ts";
import { notApplicable, type Outcome } from "../../runner/check.ts";
import type { OsbContext } from "../context.ts";
import { type OsbCheck, probe } from "../define.ts";
import { contextOf } from "../request-bodies.ts";
import { fetchCatalogWith, provisionAndBindWith } from "../sequences/requests.ts";

/** Members of 2.17, as an older broker would meet them. */
async function sendNewerMembers(context: OsbContext): Promise<Outcome> {
  const annotated = {
    organization_annotations: { "drydock.example/a": "b" },
    instance_annotations: { "drydock.example/a": "b" },
  };
  const change = (body: JsonObject) => ({ ...body, context: { ...contextOf(context.run), ...annotated } });
  const catalog = await fetchCatalogWith(context, { "X-Broker-API-Version": "2.17" });
  if (catalog.status === 412) return notApplicable("the broker refuses a newer version than its own", catalog);
  return provisionAndBindWith(context, change, { "X-Broker-API-Version": "2.17" });
}

/** Checks of spec.md, "Change Policy for Minor Versions". */
export const changePolicyForMinorVersionsChecks: readonly OsbCheck[] = [
  probe({
    id: "minor-version-fields-ignored",
    title: "Members of a newer minor version are ignored, not refused",
    requirement: "A broker skips request members that a newer 2.x version introduced instead of refusing the request.",
    run: sendNewerMembers,
  }),
];
