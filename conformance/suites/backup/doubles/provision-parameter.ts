import { isObject } from "../../../client/http/json.ts";
import { type Handler, jsonOf } from "../../../osb/memory-broker/http.ts";
import { refuse, textOf } from "../../toy/extension.ts";
import type { ToyCloud } from "../../toy/cloud.ts";
import { replace } from "../../toy/engine.ts";
import { ownerOf } from "../../toy/vault.ts";

/** A broker whose restores are provisions, like GOV.UK's for RDS: from the latest snapshot of an instance in the same organization and space. */
export function restoringByParameter(cloud: ToyCloud, broker: Handler): Handler {
  return async (request) => {
    const body = jsonOf(request);
    const { parameters, ...rest } = body;
    const isProvision = request.method === "PUT" && request.path.length === 3;
    if (!isProvision || !isObject(parameters)) return broker(request);
    const source = cloud.instances.get(textOf(parameters, "restore_from_latest_snapshot_of") ?? "");
    if (source === undefined || ownerOf(source.request) !== ownerOf(body)) return refuse(400);
    const answer = await broker({ ...request, text: JSON.stringify(rest) });
    const made = cloud.instances.get(request.path[2] ?? "");
    if (answer.status === 201 && made !== undefined) replace(made.store, cloud.does.dump(source, cloud));
    return answer;
  };
}
