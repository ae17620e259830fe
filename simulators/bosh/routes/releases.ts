import { type HttpReply, json } from "../../kernel/index.ts";
import { releaseUsers } from "../artifacts/delete-release.ts";
import { requireReleaseVersion } from "../artifacts/find-release.ts";
import { compareVersions } from "../artifacts/versions.ts";
import type { ReleaseVersion } from "../state/artifacts.ts";
import { startTask } from "../tasks/queue.ts";
import { jsonObject, raiseUnforeseen } from "../wire/bodies.ts";
import type { RequestContext } from "../wire/context.ts";
import { DirectorError } from "../wire/errors.ts";
import { htmlJson, htmlText, redirectToTask } from "../wire/replies.ts";
import { type DirectorRoute, route } from "../wire/route.ts";
import { isTruthy } from "../templates/ruby.ts";
import { nginxRefusal } from "../wire/nginx.ts";
import { isEmptyUpload, readUpload, UPLOAD, UPLOAD_MEDIA } from "./uploads.ts";

function uploadRelease(context: RequestContext): HttpReply {
  const { director, caller, request, query } = context;
  if (isEmptyUpload(request)) return nginxRefusal(400);
  const { upload, sha1 } = readUpload(request);
  if (upload.kind !== "archive" && isTruthy(sha1) && query.has("sha1"))
    return htmlText(400, "Sha1 provided in multiple places");
  const wanted = upload.kind === "archive" ? null : (sha1 ?? query.get("sha1"));
  return redirectToTask(
    context,
    startTask(director, {
      type: "update_release",
      description: "create release",
      user: caller.user,
      job: {
        kind: "create_release",
        args: {
          upload,
          sha1: isTruthy(wanted) ? String(wanted) : null,
          fix: query.get("fix") === "true",
          rebase: query.get("rebase") === "true",
        },
      },
    }),
  );
}

function listReleases({ director }: RequestContext): HttpReply {
  const all = [...director.slot.value.releases].sort(([a], [b]) => (a < b ? -1 : 1));
  return htmlJson(
    200,
    all.map(([name, versions]) => ({
      name,
      release_versions: sortVersions(versions).map(({ version, commitHash, uncommittedChanges, jobs }) => ({
        version,
        commit_hash: commitHash,
        uncommitted_changes: uncommittedChanges,
        currently_deployed: releaseUsers(director, name, version).length > 0,
        job_names: byAge(jobs, versions).map((job) => job.name),
      })),
    })),
  );
}

/** The jobs in the order in which the director came to know them: those of earlier uploads first, then as their release lists them. */
function byAge(jobs: ReleaseVersion["jobs"], versions: readonly ReleaseVersion[]): ReleaseVersion["jobs"] {
  const known = [...new Set(versions.flatMap((each) => each.jobs.map(({ fingerprint }) => fingerprint)))];
  const ages = new Map(known.map((fingerprint, age) => [fingerprint, age]));
  return jobs.toSorted((a, b) => (ages.get(a.fingerprint) ?? 0) - (ages.get(b.fingerprint) ?? 0));
}

const sortVersions = (versions: readonly ReleaseVersion[]): readonly ReleaseVersion[] =>
  versions.toSorted((a, b) => compareVersions(a.version, b.version));

/** @throws DirectorError 30005, 30006, 30010 */
function showRelease({ director, params, query }: RequestContext): HttpReply {
  const name = decodeURIComponent(params.name ?? "").trim();
  const versions = director.slot.value.releases.get(name);
  if (versions === undefined) throw new DirectorError(30005, `Release '${name}' doesn't exist`);
  const wanted = query.get("version");
  if (wanted === null) return json(200, summaryOf(versions));
  return json(200, detailOf(requireReleaseVersion(director.slot.value, name, wanted)));
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

const sortByName = <T extends { readonly name: string }>(parts: readonly T[]): readonly T[] =>
  parts.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));

const detailOf = ({ jobs, packages, compiled }: ReleaseVersion): object => ({
  jobs: sortByName(jobs).map(({ name, blobId, sha1, fingerprint, consumes, provides }) => ({
    name,
    blobstore_id: blobId,
    sha1,
    fingerprint,
    consumes,
    provides,
  })),
  packages: sortByName(packages).map((each) => ({
    name: each.name,
    blobstore_id: each.packaging === null ? null : each.blobId,
    sha1: each.packaging === null ? null : each.sha1,
    fingerprint: each.fingerprint,
    compiled_packages: [...compiled]
      .filter(([key]) => key.startsWith(`${each.fingerprint}:`))
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
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
  const body = jsonObject(context) ?? raiseUnforeseen();
  const text = (name: string): string => String(body[name] ?? "");
  const [release, version] = [text("release_name"), text("release_version")];
  const { stemcell_os: os = null, stemcell_version: stemcell = null, jobs = null } = body;
  const hasSha2 = body.sha2 !== undefined && body.sha2 !== null && body.sha2 !== false;
  const args = { deployment: text("deployment_name"), release, version, os, stemcell, jobs, hasSha2 };
  return redirectToTask(
    context,
    startTask(director, {
      type: "export_release",
      description: `export release: '${release}/${version}' for '${text("stemcell_os")}/${text("stemcell_version")}'`,
      user: caller.user,
      job: { kind: "export_release", args },
    }),
  );
}

/** A job of a release by its fingerprint, with the contents of its job.MF. */
function showReleaseJob({ director, query }: RequestContext): HttpReply {
  const [name, release, fingerprint] = ["name", "release_name", "fingerprint"].map((field) => query.get(field));
  const nothing = (status: number, body = ""): HttpReply => ({
    status,
    body,
    headers: { "Content-Type": "application/json" },
  });
  if (name === null || fingerprint === null || typeof release !== "string") return nothing(400);
  const jobs = (director.slot.value.releases.get(release) ?? []).flatMap((version) => version.jobs);
  const job = jobs.find((each) => each.name === name && each.fingerprint === fingerprint);
  return job === undefined
    ? nothing(404, "Endpoint '/jobs' not found.")
    : json(200, [{ name, fingerprint, spec: job.spec }]);
}

/** The routes of /releases. */
export const RELEASES: readonly DirectorRoute[] = [
  route("POST", "/releases", { needs: "upload_releases", media: UPLOAD_MEDIA, upload: UPLOAD }, uploadRelease),
  route("GET", "/releases", { needs: "read_releases" }, listReleases),
  route("GET", "/releases/:name", { needs: "read_releases" }, showRelease),
  route("DELETE", "/releases/:name", {}, deleteRelease),
  route("POST", "/releases/export", { media: ["application/json"] }, exportRelease),
  route("GET", "/jobs", { needs: "read" }, showReleaseJob),
];
