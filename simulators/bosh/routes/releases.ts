import { asFields } from "../configs/fields.ts";
import { requireDeployment } from "../state/lookup.ts";
import { type HttpReply, json } from "../../kernel/index.ts";
import { releaseUsers } from "../artifacts/delete-release.ts";
import type { ReleaseVersion } from "../state/artifacts.ts";
import { startTask } from "../tasks/queue.ts";
import { jsonObject, raiseUnforeseen } from "../wire/bodies.ts";
import type { RequestContext } from "../wire/context.ts";
import { DirectorError } from "../wire/errors.ts";
import { htmlJson, redirectToTask } from "../wire/replies.ts";
import { type DirectorRoute, route } from "../wire/route.ts";
import { UPLOAD, uploadedArchive, UPLOAD_MEDIA } from "./uploads.ts";

function uploadRelease(context: RequestContext): HttpReply {
  const { director, caller, request } = context;
  const archive = uploadedArchive(request);
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
  if (wanted === null) return json(200, summaryOf(versions));
  const found = versions.find(({ version }) => version === wanted);
  if (found === undefined) throw new DirectorError(30006, `Release version '${name}/${wanted}' doesn't exist`);
  return json(200, detailOf(found));
}

const uniqueParts = <T extends { readonly fingerprint: string }>(parts: readonly T[]): readonly T[] => [
  ...new Map(parts.map((each) => [each.fingerprint, each])).values(),
];

const summaryOf = (versions: readonly ReleaseVersion[]): object => ({
  packages: uniqueParts(versions.flatMap(({ packages }) => packages)).map((each) => ({
    name: each.name,
    sha1: each.packaging === null ? null : each.sha1,
    version: each.version,
    dependencies: each.dependencies,
  })),
  jobs: uniqueParts(versions.flatMap(({ jobs }) => jobs)).map(({ name, sha1, version, packages }) => ({
    name,
    sha1,
    version,
    packages,
  })),
  versions: versions.map(({ version }) => version),
});

const detailOf = ({ jobs, packages, compiled }: ReleaseVersion): object => ({
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

/** @throws DirectorError 70000 */
function exportRelease(context: RequestContext): HttpReply {
  const { director, caller } = context;
  const body = jsonObject(context) ?? raiseUnforeseen();
  const text = (name: string): string => String(body[name] ?? "");
  const { name: deployment } = requireDeployment(director, text("deployment_name"));
  const [release, version] = [text("release_name"), text("release_version")];
  const [os, stemcell] = [text("stemcell_os"), text("stemcell_version")];
  const jobs = (Array.isArray(body.jobs) ? body.jobs : []).map((each) => String(asFields(each).name ?? ""));
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

/** The routes of /releases. */
export const RELEASES: readonly DirectorRoute[] = [
  route("POST", "/releases", { needs: "upload_releases", media: UPLOAD_MEDIA, upload: UPLOAD }, uploadRelease),
  route("GET", "/releases", { needs: "read_releases" }, listReleases),
  route("GET", "/releases/:name", { needs: "read_releases" }, showRelease),
  route("DELETE", "/releases/:name", {}, deleteRelease),
  route("POST", "/releases/export", { media: ["application/json"] }, exportRelease),
  // No client was seen using it with all three parameters.
  route("GET", "/jobs", { needs: "read" }, () => ({
    status: 400,
    body: "",
    headers: { "Content-Type": "application/json" },
  })),
];
