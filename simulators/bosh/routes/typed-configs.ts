import { bodyText, type HttpReply } from "../../kernel/index.ts";
import { diffLines } from "../configs/diff.ts";
import { readCpis } from "../configs/cpi-config.ts";
import { latestConfigs, liveConfigs } from "../configs/latest.ts";
import { saveConfig } from "../configs/save.ts";
import { readManifest } from "../deploy/read-manifest.ts";
import { audit } from "../events/audit.ts";
import { dumpYaml } from "../templates/yaml-dump.ts";
import { readYaml } from "../templates/yaml.ts";
import { withTextVersions } from "./config-bodies.ts";
import type { RequestContext } from "../wire/context.ts";
import { messageOf } from "../wire/errors.ts";
import { isRubyInteger } from "../wire/integers.ts";
import { brokenReply, emptyReply, htmlJson, htmlText } from "../wire/replies.ts";
import { type DirectorRoute, route } from "../wire/route.ts";
import { utc } from "../wire/times.ts";

/** The older routes for one type of config: cloud, runtime or CPI. */
export function typedConfigRoutes(path: string, type: string): readonly DirectorRoute[] {
  const nameOf = ({ query }: RequestContext): string => (type === "cpi" ? null : query.get("name")) || "default";
  const history = (context: RequestContext): HttpReply => {
    const { director, query } = context;
    const limit = query.get("limit");
    if (limit === null || limit === "") return htmlText(400, "limit is required");
    if (!isRubyInteger(limit)) return htmlText(400, `limit is invalid: '${limit}' is not an integer`);
    // The database accepts no limit below 1.
    if (!(Number(limit.replaceAll("_", "")) >= 1)) return brokenReply;
    const rows = liveConfigs(director).filter((config) => config.type === type && config.name === nameOf(context));
    return htmlJson(
      200,
      [...rows]
        .reverse()
        .slice(0, Number(limit.replaceAll("_", "")))
        .map(({ content, createdMs }) => ({ properties: content, created_at: utc(createdMs) })),
    );
  };
  const update = (context: RequestContext): HttpReply => {
    const { director, caller } = context;
    const name = nameOf(context);
    const what = { action: "update", type: `${type}-config`, name: type === "cpi" ? null : name };
    try {
      const before = latestConfigs(director, type).find((each) => each.name === name);
      if (saveConfig(context, type, name, readText(context)) !== before) audit(director, caller.user, what);
    } catch (error) {
      audit(director, caller.user, { ...what, error: messageOf(error) });
      throw error;
    }
    return emptyReply(201);
  };
  const readText = (context: RequestContext): string => {
    const content = readManifest(bodyText(context.request));
    if (type === "cpi") readCpis(content);
    // A runtime config is stored as the director parsed it, the others as received.
    return type === "runtime" ? dumpYaml(withTextVersions(content)) : bodyText(context.request);
  };
  const compare = (context: RequestContext): HttpReply => {
    const content = readManifest(bodyText(context.request));
    const from = latestConfigs(context.director, type).find((each) => each.name === nameOf(context));
    return htmlJson(200, { diff: diffLines(readYaml(from?.content ?? "{}"), content, true) });
  };
  return [
    route("GET", path, { needs: type === "cpi" ? "admin" : "read" }, history),
    route("POST", path, { media: ["text/yaml"] }, update),
    route("POST", `${path}/diff`, { media: ["text/yaml"] }, compare),
  ];
}
