import { bodyText, type HttpReply } from "../../kernel/index.ts";
import { type Context, deploymentOf, instanceOf } from "../wire/context.ts";
import { DirectorError } from "../wire/errors.ts";
import { toTask } from "../wire/replies.ts";
import { startDeploy } from "./deploy-request.ts";

/** A change of state is a deploy of the last manifest, or of one that comes along. */
export function changeState(context: Context): HttpReply {
  const { params, query, request } = context;
  const deployment = deploymentOf(context);
  const text = bodyText(request).trim() === "" ? null : bodyText(request);
  const state = query.get("state");
  if (state === null && text === null) throw new DirectorError(440001, "Manifest should not be empty");
  if (params.id !== undefined) instanceOf(context);
  const change = state === null ? null : { group: params.group ?? "*", id: params.id ?? null, state };
  return toTask(context, startDeploy(context, deployment.name, text, change));
}
