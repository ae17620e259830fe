import { bodyText, type HttpReply } from "../../kernel/index.ts";
import { diffLines } from "../configs/diff.ts";
import { readCpis } from "../configs/cpi-config.ts";
import { latestConfigs, liveConfigs } from "../configs/latest.ts";
import { saveConfig } from "../configs/save.ts";
import { readManifest } from "../deploy/read-manifest.ts";
import { audit } from "../events/audit.ts";
import { dumpYaml } from "../templates/yaml-dump.ts";
import { readYaml } from "../templates/yaml.ts";
import type { RequestContext } from "../wire/context.ts";
import { brokenReply, emptyReply, htmlJson, htmlText } from "../wire/replies.ts";
import { type DirectorRoute, route } from "../wire/route.ts";
import { utc } from "../wire/times.ts";

/** The older routes of one type: cloud, runtime and CPI configs. */
export function typedConfigRoutes(path: string, type: string): readonly DirectorRoute[] {
  const nameOf = ({ query }: RequestContext): string => query.get("name") || "default";
  const history = (context: RequestContext): HttpReply => {
    const { director, query } = context;
    const limit = query.get("limit");
    if (limit === null) return htmlText(400, "limit is required\n");
    if (!(Number(limit) >= 1)) return brokenReply;
    const rows = liveConfigs(director).filter((config) => config.type === type && config.name === nameOf(context));
    return htmlJson(
      200,
      [...rows]
        .reverse()
        .slice(0, Number(limit))
        .map(({ content, createdMs }) => ({ properties: content, created_at: utc(createdMs) })),
    );
  };
  const update = (context: RequestContext): HttpReply => {
    const content = readManifest(bodyText(context.request));
    if (type === "cpi") readCpis(content);
    // A runtime config is stored as the director parsed it, the others as they came.
    const text = type === "runtime" ? dumpYaml(content) : bodyText(context.request);
    const { director, caller } = context;
    const name = nameOf(context);
    const before = latestConfigs(director, type).find((each) => each.name === name);
    if (saveConfig(context, type, name, text) !== before)
      audit(director, caller.user, { action: "update", type: `${type}-config`, name });
    return emptyReply(201);
  };
  const compare = (context: RequestContext): HttpReply => {
    const content = readManifest(bodyText(context.request));
    const from = latestConfigs(context.director, type).find((each) => each.name === nameOf(context));
    return htmlJson(200, { diff: diffLines(readYaml(from?.content ?? "{}"), content, true) });
  };
  return [
    route("GET", path, { needs: "read" }, history),
    route("POST", path, { media: ["text/yaml"] }, update),
    route("POST", `${path}/diff`, { media: ["text/yaml"] }, compare),
  ];
}
