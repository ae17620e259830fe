import { type DirectorRoute, route } from "../wire/route.ts";
import type { HttpReply } from "../../kernel/index.ts";
import { stemcellUsers, wasUploaded } from "../artifacts/stemcells.ts";
import type { Stemcell } from "../state/artifacts.ts";
import type { Director } from "../state/director.ts";
import { startTask } from "../tasks/queue.ts";
import { isHash } from "../configs/fields.ts";
import { isNil, jsonObject, raiseUnforeseen, Unforeseen } from "../wire/bodies.ts";
import { pathParam, type RequestContext } from "../wire/context.ts";
import { DirectorError } from "../wire/errors.ts";
import { htmlJson, redirectToTask } from "../wire/replies.ts";
import { isTruthy } from "../templates/ruby.ts";
import { nginxRefusal } from "../wire/nginx.ts";
import { isEmptyUpload, readUpload, UPLOAD, UPLOAD_MEDIA } from "./uploads.ts";

function uploadStemcell(context: RequestContext): HttpReply {
  const { director, caller, request, query } = context;
  if (isEmptyUpload(request)) return nginxRefusal(400);
  const { upload, sha1 } = readUpload(request);
  const wanted = upload.kind === "archive" ? query.get("sha1") : sha1;
  return redirectToTask(
    context,
    startTask(director, {
      type: "update_stemcell",
      description: "create stemcell",
      user: caller.user,
      job: {
        kind: "create_stemcell",
        args: { upload, sha1: isTruthy(wanted) ? String(wanted) : null, fix: query.get("fix") === "true" },
      },
    }),
  );
}

function askStemcellNeeded(context: RequestContext): HttpReply {
  const { stemcell } = jsonObject(context) ?? raiseUnforeseen();
  if (isNil(stemcell)) throw new DirectorError(40001, "Missing 'stemcell' field");
  // In Ruby, looking up a name in a text gives nil.
  const fields = typeof stemcell === "string" ? {} : stemcell;
  if (!isHash(fields)) throw new Unforeseen();
  const { name, version } = fields;
  for (const [field, value] of [
    ["name", name],
    ["version", version],
  ])
    if (isNil(value)) throw new DirectorError(40001, `Missing '${String(field)}' field`);
  // The database compares texts only with texts.
  if (typeof name !== "string" || typeof version !== "string") throw new Unforeseen();
  return htmlJson(200, { needed: !wasUploaded(context.director, name, version) });
}

function deleteStemcell(context: RequestContext): HttpReply {
  const { director, caller } = context;
  const [name, version] = [pathParam(context, "name"), pathParam(context, "version")];
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

/** A stemcell as the API shows it. */
export const stemcellView = (director: Director, stemcell: Stemcell): object => ({
  name: stemcell.name,
  operating_system: stemcell.operatingSystem,
  version: stemcell.version,
  cid: stemcell.cid,
  cpi: stemcell.cpi,
  deployments: stemcellUsers(director, stemcell).map((name) => ({ name })),
  api_version: stemcell.apiVersion,
  id: stemcell.id,
});

function listStemcells({ director }: RequestContext): HttpReply {
  return htmlJson(
    200,
    director.slot.value.stemcells.map((stemcell) => stemcellView(director, stemcell)),
  );
}

/** The routes of /stemcells. */
export const STEMCELLS: readonly DirectorRoute[] = [
  route("POST", "/stemcell_uploads", { needs: "read_stemcells" }, askStemcellNeeded),
  route("POST", "/stemcells", { needs: "upload_stemcells", media: UPLOAD_MEDIA, upload: UPLOAD }, uploadStemcell),
  route("GET", "/stemcells", { needs: "read_stemcells" }, listStemcells),
  route("DELETE", "/stemcells/:name/:version", {}, deleteStemcell),
];
