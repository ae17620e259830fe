import { readYaml } from "../templates/yaml.ts";
import { bodyJson, bodyText, type HttpReply } from "../../kernel/index.ts";
import { teamScopes, teamsOf } from "../auth/scopes.ts";
import { configsOf } from "../deploy/deploy.ts";
import { type Fields, hashes, need } from "../configs/fields.ts";
import { readManifest } from "../deploy/manifest.ts";
import { dump, syntaxError } from "../templates/psych.ts";
import type { Director } from "../state/director.ts";
import { DirectorError } from "../wire/errors.ts";
import { audit } from "../events/audit.ts";
import type { Config } from "../state/index.ts";
import { diffLines } from "../configs/diff.ts";
import {
  broken,
  type Context,
  type DirectorRoute,
  done,
  jsonObject,
  noEndpoint,
  page,
  plain,
  requireScopes,
  route,
  sees,
  utc,
} from "../wire/route.ts";

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

/** @throws DirectorError 440010 */
function limitOf({ query }: Context): number {
  const latest = query.get("latest") ?? (query.has("limit") ? "false" : "true");
  if (latest !== "true" && latest !== "false") throw new DirectorError(440010, "'latest' must be 'true' or 'false'");
  const text = query.get("limit");
  if (text !== null && !/^-?\d+$/.test(text)) throw new DirectorError(440010, "'limit' must be a number");
  if (text !== null && Number(text) < 1) throw new DirectorError(440010, "'limit' must be larger than zero");
  if (latest === "true") return 1;
  return text === null ? Number.POSITIVE_INFINITY : Number(text);
}

function list(context: Context): HttpReply {
  const { director, query, caller } = context;
  const limit = limitOf(context);
  const taken = new Map<string, number>();
  const found = [...live(director)].sort(TYPES_ORDER).filter((config) => {
    if (query.has("type") && config.type !== query.get("type")) return false;
    if (query.has("name") && config.name !== query.get("name")) return false;
    if (!sees(director, caller, config.team === null ? [] : [config.team])) return false;
    const key = `${config.type}/${config.name}`;
    const count = (taken.get(key) ?? 0) + 1;
    taken.set(key, count);
    return count <= limit;
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
  readonly expected: string | undefined;
}

/** Ruby's words for a text that is no JSON. */
function jsonError(text: string, message: string): string {
  const at = Number(/position (\d+)/.exec(message)?.[1] ?? text.length);
  const before = text.slice(0, at).trimEnd().at(-1);
  const rest = text
    .slice(at)
    .replace(/[\s\S]{33,}/, (long) => long.slice(0, 32))
    .replace(/[}\]]+$/, "");
  const lines = text.slice(0, at).split("\n");
  const place = `at line ${lines.length} column ${(lines.at(-1)?.length ?? 0) + 1}`;
  if (at >= text.length) return `unexpected end of input ${place}`;
  return before === "{" || before === ","
    ? `expected object key, got '${rest}' ${place}`
    : `unexpected token '${rest}' ${place}`;
}

/** @throws DirectorError 710001 */
function parsed(context: Context): Readonly<Record<string, unknown>> {
  const body = bodyJson(context.request);
  if (!body.ok)
    throw new DirectorError(710001, `Invalid JSON request body: ${jsonError(bodyText(context.request), body.error)}`);
  return jsonObject(context) ?? {};
}

/** @throws DirectorError 440010, 440011 */
function configBody(value: Readonly<Record<string, unknown>>): ConfigBody {
  for (const field of ["type", "name"] as const)
    if (typeof value[field] !== "string" || value[field] === "")
      throw new DirectorError(
        440010,
        value[field] === undefined || value[field] === "" ? `'${field}' is required` : `'${field}' must be a string`,
      );
  readContent(value.content);
  const expected = value.expected_latest_id;
  return {
    type: String(value.type),
    name: String(value.name),
    content: String(value.content),
    expected: expected === undefined || expected === null ? undefined : String(expected),
  };
}

const KINDS: Readonly<Record<string, string>> = { number: "Integer", boolean: "true", object: "Hash" };

/** @throws DirectorError 440011 */
function readContent(content: unknown): unknown {
  if (typeof content !== "string") {
    const kind =
      content === undefined || content === null ? "nil" : Array.isArray(content) ? "Array" : KINDS[typeof content];
    throw new DirectorError(440011, `Config must be valid YAML: no implicit conversion of ${kind} into String`);
  }
  let value: unknown;
  try {
    value = readYaml(content);
  } catch (error) {
    const message = error instanceof Error ? error.message : "";
    throw new DirectorError(440011, `Config must be valid YAML: ${syntaxError(content, message)}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new DirectorError(440011, "YAML hash expected");
  return value;
}

function create(context: Context): HttpReply {
  const { director } = context;
  const { type, name, content, expected } = configBody(parsed(context));
  const latest = latestConfigs(director, type).find((each) => each.name === name);
  const latestId = String(latest?.id ?? 0);
  if (expected !== undefined && expected !== latestId) {
    const description = `Latest Id: '${latestId}' does not match expected latest id`;
    return page(412, { latest_id: latestId, expected_latest_id: expected, description });
  }
  const saved = save(context, type, name, content);
  if (saved !== latest) audit(director, context.caller.user, { action: "create", type: `config/${type}`, name });
  return page(201, view(director, saved));
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
  const { director, caller } = context;
  for (const { team } of doomed) requireScopes(caller, teamScopes(team === null ? [] : [team], "admin", director.uuid));
  for (const config of doomed) config.deleted = true;
  const [first] = doomed;
  if (first !== undefined) director.kernel.record("bosh", "config.delete", String(first.id), { type: first.type });
  return done();
}

function removeById(context: Context): HttpReply {
  const config = byId(context);
  if (config === undefined) throw new DirectorError(440012, `Config ${context.params.id} not found`);
  return remove(context, [config]);
}

function removeByName(context: Context): HttpReply {
  const { director, query, request } = context;
  for (const field of ["type", "name"])
    if ((query.get(field) ?? "") === "") throw new DirectorError(440010, `'${field}' is required`);
  const doomed = live(director).filter(({ type, name }) => type === query.get("type") && name === query.get("name"));
  return doomed.length === 0 ? noEndpoint(request.path) : remove(context, doomed);
}

const DIFF_FORMATS =
  'The following request formats are allowed:\n1. {"from":<config>,"to":<config>} where <config> is either {"id":"<id>"} or {"content":"<content>"}\n2. {"type":"<type>","name":"<name>","content":"<content>"}';

/** @throws DirectorError 440011, 440012 */
function sideOf({ director }: Context, side: unknown): unknown {
  const { id, content } = (side ?? {}) as { id?: string; content?: string };
  if (id === undefined) return readContent(content);
  const config = director.slot.value.configs.find((each) => String(each.id) === id && !each.deleted);
  if (config === undefined) throw new DirectorError(440012, `Config ${id} not found`);
  return readYaml(config.content);
}

function diff(context: Context): HttpReply {
  const body = parsed(context);
  try {
    if (body.from !== undefined && body.to !== undefined)
      return page(200, { diff: diffLines(sideOf(context, body.from), sideOf(context, body.to), true) });
    if (body.type === undefined && body.name === undefined && body.content === undefined)
      throw new DirectorError(440010, DIFF_FORMATS);
    const { type, name, content } = configBody(body);
    const from = latestConfigs(context.director, type).find((each) => each.name === name);
    return page(200, {
      from: { id: String(from?.id ?? 0) },
      diff: diffLines(readYaml(from?.content ?? "{}"), readContent(content), true),
    });
  } catch (error) {
    if (!(error instanceof DirectorError) || error.code !== 440011) throw error;
    return page(400, {
      diff: [],
      error: `Unable to diff config content: #<Bosh::Director::BadConfig: ${error.message}>`,
    });
  }
}

/** CPI configs are checked when they are stored. @throws DirectorError 40000, 550000 */
function checkCpis(content: Fields): void {
  const names = hashes(need(content, "cpis", "array")).map((each) => need(each, "name", "string"));
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new DirectorError(550000, `Duplicate cpi name '${twice}'`);
}

/** The older routes of one type: cloud, runtime and CPI configs. */
function classic(path: string, type: string): readonly DirectorRoute[] {
  const nameOf = ({ query }: Context): string => query.get("name") || "default";
  const history = (context: Context): HttpReply => {
    const { director, query } = context;
    const limit = query.get("limit");
    if (limit === null) return plain(400, "limit is required\n");
    if (!(Number(limit) >= 1)) return broken;
    const rows = live(director).filter((config) => config.type === type && config.name === nameOf(context));
    return page(
      200,
      [...rows]
        .reverse()
        .slice(0, Number(limit))
        .map(({ content, createdMs }) => ({ properties: content, created_at: utc(createdMs) })),
    );
  };
  const update = (context: Context): HttpReply => {
    const content = readManifest(bodyText(context.request));
    if (type === "cpi") checkCpis(content);
    // A runtime config is stored as the director parsed it, the others as they came.
    const text = type === "runtime" ? dump(content) : bodyText(context.request);
    const { director, caller } = context;
    const name = nameOf(context);
    const before = latestConfigs(director, type).find((each) => each.name === name);
    if (save(context, type, name, text) !== before)
      audit(director, caller.user, { action: "update", type: `${type}-config`, name });
    return done(201);
  };
  const compare = (context: Context): HttpReply => {
    const content = readManifest(bodyText(context.request));
    const from = latestConfigs(context.director, type).find((each) => each.name === nameOf(context));
    return page(200, { diff: diffLines(readYaml(from?.content ?? "{}"), content, true) });
  };
  return [
    route("GET", path, { needs: "read" }, history),
    route("POST", path, { media: ["text/yaml"] }, update),
    route("POST", `${path}/diff`, { media: ["text/yaml"] }, compare),
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
    const rows = query.getAll("deployment[]").flatMap((name) => {
      const deployment = director.slot.value.deployments.get(name);
      if (deployment === undefined) return [];
      const ids = [...deployment.cloudConfigIds, ...deployment.runtimeConfigIds];
      return configsOf(director, ids).map((config) => ({ deployment, config }));
    });
    return page(
      200,
      rows.map(({ deployment, config }) => ({
        id: deployment.id,
        deployment: deployment.name,
        config: { id: config.id, type: config.type, name: config.name },
      })),
    );
  }),
];
