import { bodyJson, bodyText, type HttpReply, json } from "../../kernel/index.ts";
import { parse } from "yaml";
import { receiveArchive } from "../artifacts/archive.ts";
import { releaseUsers } from "../artifacts/releases.ts";
import { stemcellUsers } from "../artifacts/stemcells.ts";
import { DirectorError } from "../errors.ts";
import { startTask } from "../tasks.ts";
import { type Context, type DirectorRoute, page, route, toTask } from "./frame.ts";

const UPLOAD_BYTES_MAX = 10_000 * 1024 * 1024;
const upload = { bodyBytesMax: UPLOAD_BYTES_MAX, receive: receiveArchive };

const REMOTE = { ok: false, reason: "not simulated: uploads by URL; send the tarball" };

function jsonBody({ request }: Context): Record<string, unknown> {
  const body = bodyJson(request);
  if (!body.ok || typeof body.value !== "object" || body.value === null) throw new DirectorError(40001, "Missing body");
  return body.value as Record<string, unknown>;
}

function uploadStemcell(context: Context): HttpReply {
  const { director, caller, request, query } = context;
  const archive = request.headers["content-type"]?.startsWith("application/json") ? REMOTE : request.received;
  return toTask(
    context,
    startTask(director, {
      type: "update_stemcell",
      description: "create stemcell",
      user: caller.user,
      job: { kind: "create_stemcell", args: { archive, fix: query.get("fix") === "true" } },
    }),
  );
}

function uploadRelease(context: Context): HttpReply {
  const { director, caller, request } = context;
  const archive = request.headers["content-type"]?.startsWith("application/json") ? REMOTE : request.received;
  return toTask(
    context,
    startTask(director, {
      type: "update_release",
      description: "create release",
      user: caller.user,
      job: { kind: "create_release", args: { archive } },
    }),
  );
}

function stemcellNeeded(context: Context): HttpReply {
  const { stemcell } = jsonBody(context) as { stemcell?: { name?: string; version?: string } };
  if (stemcell === undefined) throw new DirectorError(40001, "Missing 'stemcell' field");
  for (const field of ["name", "version"] as const)
    if (stemcell[field] === undefined) throw new DirectorError(40001, `Missing '${field}' field`);
  const known = context.director.slot.value.stemcells.some(
    ({ name, version }) => name === stemcell.name && version === stemcell.version,
  );
  return page(200, { needed: !known });
}

function deleteStemcell(context: Context): HttpReply {
  const { director, caller, params } = context;
  const { name, version } = params;
  return toTask(
    context,
    startTask(director, {
      type: "delete_stemcell",
      description: `delete stemcell: ${name}/${version}`,
      user: caller.user,
      job: { kind: "delete_stemcell", args: { name, version } },
    }),
  );
}

function releases({ director }: Context): HttpReply {
  const all = [...director.slot.value.releases].sort(([a], [b]) => (a < b ? -1 : 1));
  return page(
    200,
    all.map(([name, versions]) => ({
      name,
      release_versions: versions.map(({ version, commitHash, uncommittedChanges, jobs }) => ({
        version,
        commit_hash: commitHash,
        uncommitted_changes: uncommittedChanges,
        currently_deployed: releaseUsers(director, name, version).length > 0,
        job_names: jobs.map((job) => job.name),
      })),
    })),
  );
}

function matches({ director, request }: Context, compiledOnly: boolean): HttpReply {
  const manifest = parse(bodyText(request)) as {
    packages?: { fingerprint?: string }[];
    compiled_packages?: { fingerprint?: string; stemcell?: string }[];
  } | null;
  const known = [...director.slot.value.releases.values()].flat();
  const wanted = (compiledOnly ? manifest?.compiled_packages : manifest?.packages) ?? [];
  const has = (fingerprint: string | undefined): boolean =>
    known.some(({ packages }) => packages.some((each) => each.fingerprint === fingerprint));
  return json(200, wanted.map(({ fingerprint }) => fingerprint).filter(has));
}

/** An unknown release is refused at once, an unknown version by the task. */
function deleteRelease(context: Context): HttpReply {
  const { director, caller, params, query } = context;
  const name = params.name ?? "";
  if (!director.slot.value.releases.has(name)) throw new DirectorError(30005, `Release '${name}' doesn't exist`);
  const version = query.get("version");
  const description = `delete release: ${name}${version === null ? "" : `/${version}`}`;
  return toTask(
    context,
    startTask(director, {
      type: "delete_release",
      description,
      user: caller.user,
      job: { kind: "delete_release", args: version === null ? { name } : { name, version } },
    }),
  );
}

export const ARTIFACTS: readonly DirectorRoute[] = [
  route("POST", "/stemcell_uploads", { needs: "upload_stemcells", media: ["application/json"] }, stemcellNeeded),
  route(
    "POST",
    "/stemcells",
    { needs: "upload_stemcells", media: ["application/x-compressed", "application/json"], upload },
    uploadStemcell,
  ),
  route("GET", "/stemcells", { needs: "read_stemcells" }, ({ director }) =>
    page(
      200,
      director.slot.value.stemcells.map((stemcell) => ({
        name: stemcell.name,
        operating_system: stemcell.operatingSystem,
        version: stemcell.version,
        cid: stemcell.cid,
        cpi: "",
        deployments: stemcellUsers(director, stemcell).map((name) => ({ name })),
        api_version: stemcell.apiVersion,
        id: stemcell.id,
      })),
    ),
  ),
  route("DELETE", "/stemcells/:name/:version", {}, deleteStemcell),
  route("POST", "/packages/matches", { media: ["text/yaml"] }, (context) => matches(context, false)),
  route("POST", "/packages/matches_compiled", { media: ["text/yaml"] }, (context) => matches(context, true)),
  route(
    "POST",
    "/releases",
    { needs: "upload_releases", media: ["application/x-compressed", "application/json"], upload },
    uploadRelease,
  ),
  route("GET", "/releases", { needs: "read_releases" }, releases),
  route("DELETE", "/releases/:name", {}, deleteRelease),
];
