import type { HttpReply } from "../../kernel/index.ts";
import { stemcellUsers } from "../artifacts/stemcells.ts";
import type { Stemcell } from "../state/artifacts.ts";
import type { Director } from "../state/director.ts";
import { startTask } from "../tasks/queue.ts";
import { isHash, isNil, Unforeseen } from "../wire/bodies.ts";
import type { RequestContext } from "../wire/context.ts";
import { DirectorError } from "../wire/errors.ts";
import { htmlJson, redirectToTask } from "../wire/replies.ts";
import { jsonBody, REMOTE } from "./uploads.ts";

export function uploadStemcell(context: RequestContext): HttpReply {
  const { director, caller, request, query } = context;
  const archive = request.headers["content-type"]?.startsWith("application/json") ? REMOTE : request.received;
  return redirectToTask(
    context,
    startTask(director, {
      type: "update_stemcell",
      description: "create stemcell",
      user: caller.user,
      job: { kind: "create_stemcell", args: { archive, fix: query.get("fix") === "true" } },
    }),
  );
}

export function askStemcellNeeded(context: RequestContext): HttpReply {
  const { stemcell } = jsonBody(context);
  if (isNil(stemcell)) throw new DirectorError(40001, "Missing 'stemcell' field");
  if (!isHash(stemcell)) throw new Unforeseen();
  for (const field of ["name", "version"] as const)
    if (isNil(stemcell[field])) throw new DirectorError(40001, `Missing '${field}' field`);
  const known = context.director.slot.value.stemcells.some(
    ({ name, version }) => name === stemcell.name && version === stemcell.version,
  );
  return htmlJson(200, { needed: !known });
}

export function deleteStemcell(context: RequestContext): HttpReply {
  const { director, caller, params } = context;
  const { name, version } = params;
  return redirectToTask(
    context,
    startTask(director, {
      type: "delete_stemcell",
      description: `delete stemcell: ${name}/${version}`,
      user: caller.user,
      job: { kind: "delete_stemcell", args: { name, version } },
    }),
  );
}

export const stemcellView = (director: Director, stemcell: Stemcell): object => ({
  name: stemcell.name,
  operating_system: stemcell.operatingSystem,
  version: stemcell.version,
  cid: stemcell.cid,
  cpi: "",
  deployments: stemcellUsers(director, stemcell).map((name) => ({ name })),
  api_version: stemcell.apiVersion,
  id: stemcell.id,
});
