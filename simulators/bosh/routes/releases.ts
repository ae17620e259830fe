import { type HttpReply, json } from "../../kernel/index.ts";
import { releaseUsers } from "../artifacts/delete-release.ts";
import type { ReleaseVersion } from "../state/artifacts.ts";
import { startTask } from "../tasks/queue.ts";
import { jsonObject } from "../wire/bodies.ts";
import type { RequestContext } from "../wire/context.ts";
import { DirectorError } from "../wire/errors.ts";
import { brokenReply, htmlJson, redirectToTask } from "../wire/replies.ts";
import { type DirectorRoute, route } from "../wire/route.ts";
import { listMatches } from "./packages.ts";
import { deleteStemcell, askStemcellNeeded, stemcellView, uploadStemcell } from "./stemcells.ts";
import { REMOTE, upload } from "./uploads.ts";

function uploadRelease(context: RequestContext): HttpReply {
  const { director, caller, request } = context;
  const archive = request.headers["content-type"]?.startsWith("application/json") ? REMOTE : request.received;
  return redirectToTask(
    context,
    startTask(director, {
      type: "update_release",
      description: "create release",
      user: caller.user,
      job: { kind: "create_release", args: { archive } },
    }),
  );
}

function listReleases({ director }: RequestContext): HttpReply {
  const all = [...director.slot.value.releases].sort(([a], [b]) => (a < b ? -1 : 1));
  return htmlJson(
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

/** @throws DirectorError 30005, 30006 */
function showRelease({ director, params, query }: RequestContext): HttpReply {
  const name = params.name ?? "";
  const versions = director.slot.value.releases.get(name);
  if (versions === undefined) throw new DirectorError(30005, `Release '${name}' doesn't exist`);
  const wanted = query.get("version");
  if (wanted === null) return json(200, summary(versions));
  const found = versions.find(({ version }) => version === wanted);
  if (found === undefined) throw new DirectorError(30006, `Release version '${name}/${wanted}' doesn't exist`);
  return json(200, detail(found));
}

const unique = <T extends { readonly fingerprint: string }>(parts: readonly T[]): readonly T[] => [
  ...new Map(parts.map((each) => [each.fingerprint, each])).values(),
];

const summary = (versions: readonly ReleaseVersion[]): object => ({
  packages: unique(versions.flatMap(({ packages }) => packages)).map((each) => ({
    name: each.name,
    sha1: each.packaging === null ? null : each.sha1,
    version: each.version,
    dependencies: each.dependencies,
  })),
  jobs: unique(versions.flatMap(({ jobs }) => jobs)).map(({ name, sha1, version, packages }) => ({
    name,
    sha1,
    version,
    packages,
  })),
  versions: versions.map(({ version }) => version),
});

const detail = ({ jobs, packages, compiled }: ReleaseVersion): object => ({
  jobs: jobs.map(({ name, blobId, sha1, fingerprint, consumes, provides }) => ({
    name,
    blobstore_id: blobId,
    sha1,
    fingerprint,
    consumes,
    provides,
  })),
  packages: packages.map((each) => ({
    name: each.name,
    blobstore_id: each.packaging === null ? null : each.blobId,
    sha1: each.packaging === null ? null : each.sha1,
    fingerprint: each.fingerprint,
    compiled_packages: [...compiled]
      .filter(([key]) => key.startsWith(`${each.fingerprint}:`))
      .map(([key, blob]) => ({
        stemcell: key.slice(key.indexOf(":") + 1),
        sha1: blob.sha1,
        blobstore_id: blob.blobId,
      })),
  })),
});

/** An unknown release is refused at once, an unknown version by the task. */
function deleteRelease(context: RequestContext): HttpReply {
  const { director, caller, params, query } = context;
  const name = params.name ?? "";
  if (!director.slot.value.releases.has(name)) throw new DirectorError(30005, `Release '${name}' doesn't exist`);
  const version = query.get("version");
  const description = `delete release: ${name}`;
  return redirectToTask(
    context,
    startTask(director, {
      type: "delete_release",
      description,
      user: caller.user,
      job: { kind: "delete_release", args: version === null ? { name } : { name, version } },
    }),
  );
}

function exportRelease(context: RequestContext): HttpReply {
  const { director, caller } = context;
  const body = jsonObject(context);
  if (body === undefined) return brokenReply;
  const text = (name: string): string => String(body[name] ?? "");
  const [deployment, release, version] = [text("deployment_name"), text("release_name"), text("release_version")];
  const [os, stemcell] = [text("stemcell_os"), text("stemcell_version")];
  const jobs = ((body.jobs ?? []) as readonly { readonly name?: string }[]).map(({ name }) => name ?? "");
  if (!director.slot.value.deployments.has(deployment))
    throw new DirectorError(70000, `Deployment '${deployment}' doesn't exist`);
  return redirectToTask(
    context,
    startTask(director, {
      type: "export_release",
      description: `export release: '${release}/${version}' for '${os}/${stemcell}'`,
      user: caller.user,
      deployment,
      job: { kind: "export_release", args: { deployment, release, version, os, stemcell, jobs } },
    }),
  );
}

export const ARTIFACTS: readonly DirectorRoute[] = [
  route("POST", "/stemcell_uploads", { needs: "upload_stemcells", media: ["application/json"] }, askStemcellNeeded),
  route(
    "POST",
    "/stemcells",
    { needs: "upload_stemcells", media: ["application/x-compressed", "application/json"], upload },
    uploadStemcell,
  ),
  route("GET", "/stemcells", { needs: "read_stemcells" }, ({ director }) =>
    htmlJson(
      200,
      director.slot.value.stemcells.map((stemcell) => stemcellView(director, stemcell)),
    ),
  ),
  route("DELETE", "/stemcells/:name/:version", {}, deleteStemcell),
  route("POST", "/packages/matches", { media: ["text/yaml"] }, (context) => listMatches(context, "packages")),
  route("POST", "/packages/matches_compiled", { media: ["text/yaml"] }, (context) =>
    listMatches(context, "compiled_packages"),
  ),
  route(
    "POST",
    "/releases",
    { needs: "upload_releases", media: ["application/x-compressed", "application/json"], upload },
    uploadRelease,
  ),
  route("GET", "/releases", { needs: "read_releases" }, listReleases),
  route("GET", "/releases/:name", { needs: "read_releases" }, showRelease),
  route("DELETE", "/releases/:name", {}, deleteRelease),
  route("POST", "/releases/export", { media: ["application/json"] }, exportRelease),
  // Nobody was seen using it with all three parameters.
  route("GET", "/jobs", { needs: "read" }, () => ({
    status: 400,
    body: "",
    headers: { "Content-Type": "application/json" },
  })),
];
