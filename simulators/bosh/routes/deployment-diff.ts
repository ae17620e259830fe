import { resolveVersions } from "../configs/deploy-configs.ts";
import { dumpYaml } from "../templates/yaml-dump.ts";
import { asFields, type Fields, readHashes } from "../configs/fields.ts";
import { rubyInstance } from "../templates/ruby.ts";
import { bodyText, type HttpReply } from "../../kernel/index.ts";
import { diffLines } from "../configs/diff.ts";
import { contentsOf } from "../configs/latest.ts";
import { readManifest } from "../deploy/read-manifest.ts";
import type { Director } from "../state/director.ts";
import type { RequestContext } from "../wire/context.ts";
import { teamScopes } from "../auth/scopes.ts";
import { requirePermission, requireScopes } from "../wire/access.ts";
import { DirectorError } from "../wire/errors.ts";
import { htmlJson } from "../wire/replies.ts";
import { latestIds } from "./deploy-request.ts";

/** `POST /deployments/:deployment/diff`: reports what can't be compared with status 200. */
export function diffManifest(context: RequestContext): HttpReply {
  const { director, caller, params, query, request } = context;
  const deployment = director.slot.value.deployments.get(params.deployment ?? "");
  if (deployment !== undefined) requireScopes(caller, teamScopes(deployment.teams, "admin", director.uuid));
  else requirePermission(context, "create_deployment");
  try {
    const configs = {
      cloud_config_ids: latestIds(director, "cloud"),
      runtime_config_ids: latestIds(director, "runtime"),
    };
    const before = mergeConfigs(
      director,
      deployment?.manifest ?? null,
      deployment?.cloudConfigIds ?? [],
      deployment?.runtimeConfigIds ?? [],
    );
    const text = bodyText(request);
    const own = deployment === undefined ? text : dumpYaml({ ...readManifest(text), name: deployment.name });
    const after = mergeConfigs(director, own, configs.cloud_config_ids, configs.runtime_config_ids);
    return htmlJson(200, { context: configs, diff: diffLines(before, after, query.get("redact") !== "false") });
  } catch (error) {
    if (!(error instanceof DirectorError || error instanceof TypeError)) throw error;
    const type = error instanceof TypeError ? "NoMethodError" : "Bosh::Director::BadManifest";
    const reply = htmlJson(200, { diff: [], error: `Unable to diff manifest: #<${type}: ${error.message}>\n` });
    // The director's own text is long: it continues with the stack trace.
    return { ...reply, headers: { ...reply.headers, Vary: "Accept-Encoding" } };
  }
}

const LISTS = ["releases", "addons", "variables"] as const;

/** The manifest with its configs, as one document. @throws DirectorError, TypeError in Ruby's words */
function mergeConfigs(
  director: Director,
  manifest: string | null,
  cloudIds: readonly number[],
  runtimeIds: readonly number[],
): Fields {
  const documents = [...contentsOf(director, cloudIds), manifest === null ? {} : readManifest(manifest)];
  const document = documents.reduce((sum, each) => ({ ...sum, ...each }), {});
  for (const list of LISTS)
    if (document[list] !== undefined && !Array.isArray(document[list]))
      throw new TypeError(`undefined method 'to_set' for ${rubyInstance(document[list])}`);
  const whole = contentsOf(director, manifest === null ? [] : runtimeIds).reduce(addRuntime, document);
  return resolveVersions(director.slot.value, whole, {});
}

/** A document with what a runtime config adds to it: tags, and parts whose names it does not have yet. */
function addRuntime(document: Fields, runtime: Fields): Fields {
  const merged: Record<string, unknown> = { ...document };
  for (const list of LISTS) {
    const own = readHashes(document[list]);
    const added = readHashes(runtime[list]).filter(({ name }) => !own.some((each) => each.name === name));
    if (added.length > 0) merged[list] = [...own, ...added];
  }
  if (runtime.tags !== undefined) merged.tags = { ...asFields(runtime.tags), ...asFields(document.tags) };
  return merged;
}
