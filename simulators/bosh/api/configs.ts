import { bodyJson, bodyText, type HttpReply } from "../../kernel/index.ts";
import { parse } from "yaml";
import { teamsOf } from "../auth/scopes.ts";
import type { Director } from "../director.ts";
import { readManifest } from "../deploy/manifest.ts";
import { DirectorError } from "../errors.ts";
import type { Config } from "../state.ts";
import { type Context, type DirectorRoute, done, noEndpoint, page, plain, route, sees } from "./frame.ts";
import { diffLines } from "./diff.ts";

const TYPES_ORDER = (a: Config, b: Config): number => {
  if (a.type !== b.type) return a.type < b.type ? -1 : 1;
  if (a.name !== b.name) return a.name === "default" ? -1 : b.name === "default" ? 1 : a.name < b.name ? -1 : 1;
  return b.id - a.id;
};

const live = (director: Director): readonly Config[] => director.slot.value.configs.filter(({ deleted }) => !deleted);

/** The newest live config of each name of a type. */
export function latestConfigs(director: Director, type: string): readonly Config[] {
  const newest = new Map<string, Config>();
  for (const config of live(director)) if (config.type === type) newest.set(config.name, config);
  return [...newest.values()];
}

const stamp = (ms: number): string => `${new Date(ms).toISOString().replace("T", " ").slice(0, 19)} UTC`;

const isCurrent = (director: Director, config: Config): boolean =>
  latestConfigs(director, config.type).some(({ id }) => id === config.id);

const view = (director: Director, config: Config): object => ({
  content: config.content,
  id: String(config.id),
  type: config.type,
  name: config.name,
  created_at: stamp(config.createdMs),
  team: config.team,
  current: isCurrent(director, config),
});

/** Stores a new row, unless the newest one of this name holds the same text. */
function save(context: Context, type: string, name: string, content: string): Config {
  const { director, caller } = context;
  const latest = latestConfigs(director, type).find((each) => each.name === name);
  if (latest?.content === content) return latest;
  const { configs } = director.slot.value;
  const team = caller.scopes.includes("bosh.admin") ? null : (teamsOf(caller)[0] ?? null);
  const config: Config = {
    id: configs.length + 1,
    type,
    name,
    content,
    createdMs: director.kernel.nowMs,
    team,
    deleted: false,
  };
  configs.push(config);
  director.kernel.record("bosh", "config.create", String(config.id), { type, name });
  return config;
}

function limitOf(context: Context): number {
  const text = context.query.get("limit");
  if (text === null) return 1;
  if (!/^\d+$/.test(text) || Number(text) < 1) throw new DirectorError(440010, "'limit' must be a number");
  return Number(text);
}

function list(context: Context): HttpReply {
  const { director, query, caller } = context;
  const latest =
    query.get("latest") !== "false" && !query.has("limit") ? 1 : query.get("latest") === "true" ? 1 : limitOf(context);
  const taken = new Map<string, number>();
  const found = [...live(director)].sort(TYPES_ORDER).filter((config) => {
    if (query.has("type") && config.type !== query.get("type")) return false;
    if (query.has("name") && config.name !== query.get("name")) return false;
    if (!sees(director, caller, config.team === null ? [] : [config.team])) return false;
    const key = `${config.type}/${config.name}`;
    const count = (taken.get(key) ?? 0) + 1;
    taken.set(key, count);
    return count <= latest;
  });
  return page(
    200,
    found.map((config) => view(director, config)),
  );
}

interface ConfigBody {
  readonly type: string;
  readonly name: string;
  readonly content: string;
  readonly expected_latest_id?: string;
}

function configBody({ request }: Context): ConfigBody {
  const body = bodyJson(request);
  if (!body.ok) throw new DirectorError(710001, `Invalid JSON request body: ${body.error}`);
  const value = body.value as Record<string, unknown>;
  for (const field of ["type", "name", "content"] as const) {
    if (value[field] === undefined) throw new DirectorError(440010, `'${field}' is required`);
    if (typeof value[field] !== "string") throw new DirectorError(440010, `'${field}' must be a string`);
  }
  checkContent(String(value.content));
  return value as unknown as ConfigBody;
}

function checkContent(content: string): void {
  let value: unknown;
  try {
    value = parse(content);
  } catch (error) {
    throw new DirectorError(440011, `Config update failed. Config: ${String((error as Error).message).split("\n")[0]}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new DirectorError(440011, "YAML hash expected");
}

function create(context: Context): HttpReply {
  const { director } = context;
  const { type, name, content, expected_latest_id: expected } = configBody(context);
  const latest = latestConfigs(director, type).find((each) => each.name === name);
  const latestId = String(latest?.id ?? 0);
  if (expected !== undefined && expected !== latestId) {
    const description = `Latest Id: '${latestId}' does not match expected latest id`;
    return page(412, { latest_id: latestId, expected_latest_id: expected, description });
  }
  return page(201, view(director, save(context, type, name, content)));
}

function byId({ director, params }: Context): Config | undefined {
  return director.slot.value.configs.find(({ id, deleted }) => !deleted && String(id) === params.id);
}

function show(context: Context): HttpReply {
  const config = byId(context);
  if (config === undefined) throw new DirectorError(440012, `Config ${context.params.id} not found`);
  return page(200, view(context.director, config));
}

function remove(context: Context, doomed: readonly Config[]): HttpReply {
  for (const config of doomed) config.deleted = true;
  if (doomed.length > 0)
    context.director.kernel.record("bosh", "config.delete", String(doomed[0]?.id), { type: doomed[0]?.type });
  return done();
}

function removeById(context: Context): HttpReply {
  const config = byId(context);
  if (config === undefined) throw new DirectorError(440012, `Config ${context.params.id} not found`);
  return remove(context, [config]);
}

function removeByName(context: Context): HttpReply {
  const { director, query, request } = context;
  const doomed = live(director).filter(({ type, name }) => type === query.get("type") && name === query.get("name"));
  return doomed.length === 0 ? noEndpoint(request.path) : remove(context, doomed);
}

function diff(context: Context): HttpReply {
  const { type, name, content } = configBody(context);
  const from = latestConfigs(context.director, type).find((each) => each.name === name);
  return page(200, {
    from: { id: String(from?.id ?? 0) },
    diff: diffLines(parse(from?.content ?? "{}"), parse(content), true),
  });
}

/** The older routes of one type: cloud, runtime and CPI configs. */
function classic(path: string, type: string): readonly DirectorRoute[] {
  const nameOf = ({ query }: Context): string => query.get("name") || "default";
  const history = (context: Context): HttpReply => {
    const { director, query } = context;
    const limit = query.get("limit");
    if (limit === null) return plain(400, "limit is required\n");
    if (Number(limit) < 1) return { status: 500 };
    const rows = live(director).filter((config) => config.type === type && config.name === nameOf(context));
    return page(
      200,
      [...rows]
        .reverse()
        .slice(0, Number(limit))
        .map(({ content, createdMs }) => ({ properties: content, created_at: stamp(createdMs) })),
    );
  };
  const update = (context: Context): HttpReply => {
    const content = bodyText(context.request);
    readManifest(content);
    save(context, type, nameOf(context), content);
    return { status: 201, body: "", headers: { "Content-Type": "text/html;charset=utf-8" } };
  };
  const compare = (context: Context): HttpReply => {
    const content = readManifest(bodyText(context.request));
    const from = latestConfigs(context.director, type).find((each) => each.name === nameOf(context));
    return page(200, { diff: diffLines(parse(from?.content ?? "{}"), content, true) });
  };
  return [
    route("GET", path, { needs: "read" }, history),
    route("POST", path, { needs: "update_configs", media: ["text/yaml"] }, update),
    route("POST", `${path}/diff`, { needs: "update_configs", media: ["text/yaml"] }, compare),
  ];
}

export const CONFIGS: readonly DirectorRoute[] = [
  route("GET", "/configs", { needs: "list_configs" }, list),
  route("GET", "/configs/:id", { needs: "list_configs" }, show),
  route("POST", "/configs", { needs: "update_configs", media: ["application/json"] }, create),
  route("POST", "/configs/diff", { needs: "list_configs", media: ["application/json"] }, diff),
  route("DELETE", "/configs", { needs: "update_configs" }, removeByName),
  route("DELETE", "/configs/:id", { needs: "update_configs" }, removeById),
  ...classic("/cloud_configs", "cloud"),
  ...classic("/runtime_configs", "runtime"),
  ...classic("/cpi_configs", "cpi"),
  route("GET", "/deployment_configs", { needs: "list_deployments" }, ({ director, query }) => {
    const names = query.getAll("deployment[]");
    const rows = names.flatMap((name) => {
      const deployment = director.slot.value.deployments.get(name);
      const ids = [...(deployment?.cloudConfigIds ?? []), ...(deployment?.runtimeConfigIds ?? [])];
      return ids.flatMap((id) =>
        director.slot.value.configs.filter((config) => config.id === id).map((config) => ({ name, config })),
      );
    });
    return page(
      200,
      rows.map(({ name, config }, at) => ({
        id: at + 1,
        deployment: name,
        config: { id: config.id, type: config.type, name: config.name },
      })),
    );
  }),
];
