import type { HttpReply } from "../../kernel/index.ts";
import { hasAnyScope, teamScopes } from "../auth/scopes.ts";
import { configsById, latestConfigs, liveConfigs } from "../configs/latest.ts";
import { saveConfig } from "../configs/save.ts";
import { audit } from "../events/audit.ts";
import type { Config } from "../state/configs.ts";
import type { Director } from "../state/director.ts";
import { requireScopes, canSee } from "../wire/access.ts";
import type { RequestContext } from "../wire/context.ts";
import { toRubyText } from "../templates/ruby.ts";
import { isNil } from "../wire/bodies.ts";
import { DirectorError, messageOf } from "../wire/errors.ts";
import { emptyReply, noEndpoint, htmlJson } from "../wire/replies.ts";
import { type DirectorRoute, route } from "../wire/route.ts";
import { utc } from "../wire/times.ts";
import { readConfigBody, parseBody } from "./config-bodies.ts";
import { diffConfig } from "./config-diff.ts";
import { typedConfigRoutes } from "./typed-configs.ts";

const compareConfigs = (a: Config, b: Config): number => {
  if (a.type !== b.type) return a.type < b.type ? -1 : 1;
  if (a.name !== b.name) return a.name === "default" ? -1 : b.name === "default" ? 1 : a.name < b.name ? -1 : 1;
  return b.id - a.id;
};

const isCurrent = (director: Director, config: Config): boolean =>
  latestConfigs(director, config.type).some(({ id }) => id === config.id);

const view = (director: Director, config: Config): object => ({
  content: config.content,
  id: String(config.id),
  type: config.type,
  name: config.name,
  created_at: utc(config.createdMs),
  team: config.team,
  current: isCurrent(director, config),
});

/** @throws DirectorError 440010 */
function limitOf({ query }: RequestContext): number {
  const latest = query.get("latest") ?? (query.has("limit") ? "false" : "true");
  if (latest !== "true" && latest !== "false") throw new DirectorError(440010, "'latest' must be 'true' or 'false'");
  const text = query.get("limit");
  if (text !== null && !/^-?\d+$/.test(text)) throw new DirectorError(440010, "'limit' must be a number");
  if (text !== null && Number(text) < 1) throw new DirectorError(440010, "'limit' must be larger than zero");
  if (latest === "true") return 1;
  return text === null ? Number.POSITIVE_INFINITY : Number(text);
}

function list(context: RequestContext): HttpReply {
  const { director, query, caller } = context;
  const limit = limitOf(context);
  const taken = new Map<string, number>();
  const found = [...liveConfigs(director)].sort(compareConfigs).filter((config) => {
    if (query.has("type") && config.type !== query.get("type")) return false;
    if (query.has("name") && config.name !== query.get("name")) return false;
    if (!canSee(director, caller, config.team === null ? [] : [config.team])) return false;
    const key = `${config.type}/${config.name}`;
    const count = (taken.get(key) ?? 0) + 1;
    taken.set(key, count);
    return count <= limit;
  });
  return htmlJson(
    200,
    found.map((config) => view(director, config)),
  );
}

/** The config that a request wants to store; audits a refusal. @throws DirectorError 440010, 440011, 710001 */
function readAudited(context: RequestContext): ReturnType<typeof readConfigBody> {
  const { director, caller } = context;
  let body: ReturnType<typeof parseBody> = {};
  try {
    body = parseBody(context);
    return readConfigBody(body);
  } catch (error) {
    const name = isNil(body.name) ? null : toRubyText(body.name);
    audit(director, caller.user, {
      action: "create",
      type: `config/${toRubyText(body.type)}`,
      name,
      error: messageOf(error),
    });
    throw error;
  }
}

function create(context: RequestContext): HttpReply {
  const { director, caller } = context;
  const { type, name, content, expected } = readAudited(context);
  const latest = latestConfigs(director, type).find((each) => each.name === name);
  const latestId = String(latest?.id ?? 0);
  if (expected !== undefined && expected !== latestId) {
    const description = `Latest Id: '${latestId}' does not match expected latest id`;
    return htmlJson(412, { latest_id: latestId, expected_latest_id: expected, description });
  }
  if (latest !== undefined)
    requireScopes(caller, teamScopes(latest.team === null ? [] : [latest.team], "admin", director.uuid));
  const saved = saveConfig(context, type, name, content);
  if (saved !== latest) audit(director, caller.user, { action: "create", type: `config/${type}`, name });
  return htmlJson(201, view(director, saved));
}

function byId({ director, params }: RequestContext): Config | undefined {
  return director.slot.value.configs.find(({ id, deleted }) => !deleted && String(id) === params.id);
}

function show(context: RequestContext): HttpReply {
  const config = byId(context);
  if (config === undefined) throw new DirectorError(440012, `Config ${context.params.id} not found`);
  return htmlJson(200, view(context.director, config));
}

function remove(context: RequestContext, configs: readonly Config[]): HttpReply {
  const { director, caller } = context;
  for (const { team } of configs)
    requireScopes(caller, teamScopes(team === null ? [] : [team], "admin", director.uuid));
  for (const config of configs) config.deleted = true;
  const [first] = configs;
  if (first !== undefined) director.kernel.record("bosh", "config.delete", String(first.id), { type: first.type });
  return emptyReply();
}

function removeById(context: RequestContext): HttpReply {
  const config = byId(context);
  if (config === undefined) throw new DirectorError(440012, `Config ${context.params.id} not found`);
  return remove(context, [config]);
}

function removeByName(context: RequestContext): HttpReply {
  const { director, query, request } = context;
  for (const field of ["type", "name"])
    if ((query.get(field) ?? "") === "") throw new DirectorError(440010, `'${field}' is required`);
  const configs = liveConfigs(director).filter(
    ({ type, name }) => type === query.get("type") && name === query.get("name"),
  );
  return configs.length === 0 ? noEndpoint(request.path) : remove(context, configs);
}

/** The routes of /configs, of all types. */
export const CONFIGS: readonly DirectorRoute[] = [
  route("GET", "/configs", { needs: "list_configs" }, list),
  route("GET", "/configs/:id", { needs: "read" }, show),
  route("POST", "/configs", { needs: "update_configs", media: ["application/json"] }, create),
  route("POST", "/configs/diff", { needs: "list_configs", media: ["application/json"] }, diffConfig),
  route("DELETE", "/configs", { needs: "update_configs" }, removeByName),
  route("DELETE", "/configs/:id", { needs: "update_configs" }, removeById),
  ...typedConfigRoutes("/cloud_configs", "cloud"),
  ...typedConfigRoutes("/runtime_configs", "runtime"),
  ...typedConfigRoutes("/cpi_configs", "cpi"),
  route("GET", "/deployment_configs", { needs: "list_deployments" }, ({ director, query, caller }) => {
    const single = query.get("deployment");
    const names = single === null ? query.getAll("deployment[]") : [single];
    const rows = names.flatMap((name) => {
      const deployment = director.slot.value.deployments.get(name);
      if (deployment === undefined || !hasAnyScope(caller, teamScopes(deployment.teams, "read", director.uuid)))
        return [];
      const ids = [...deployment.cloudConfigIds, ...deployment.runtimeConfigIds];
      return configsById(director, ids).map((config) => ({ deployment, config }));
    });
    return htmlJson(
      200,
      rows.map(({ deployment, config }) => ({
        id: deployment.id,
        deployment: deployment.name,
        config: { id: config.id, type: config.type, name: config.name },
      })),
    );
  }),
];
