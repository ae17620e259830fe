import { type HttpReply, serialise } from "../../kernel/index.ts";
import type { DirectorRoute } from "../wire/route.ts";
import { CONFIGS } from "./configs.ts";
import { DEPLOYMENTS } from "./deployments.ts";
import { DISKS } from "./disks.ts";
import { OPERATIONS } from "./errands.ts";
import { EVENTS } from "./events.ts";
import { GENERAL } from "./info.ts";
import { LINKS } from "./links.ts";
import { ARTIFACTS } from "./releases.ts";
import { TASKS } from "./tasks.ts";

const TABLE: readonly DirectorRoute[] = [
  ...GENERAL,
  ...TASKS,
  ...ARTIFACTS,
  ...CONFIGS,
  ...DEPLOYMENTS,
  ...OPERATIONS,
  ...DISKS,
  ...EVENTS,
  ...LINKS,
];

/** What answers to GET answers to HEAD, without the body. */
export const ROUTES: readonly DirectorRoute[] = [
  ...TABLE,
  ...TABLE.filter(({ method }) => method === "GET").map(headOf),
];

/** First segments that a controller of the director owns; others are refused without authentication. */
export const OWNED = new Set(TABLE.map(({ path }) => path.split("/")[1]));

function headOf(route: DirectorRoute): DirectorRoute {
  const handler: DirectorRoute["handler"] = (director, request) => {
    const reply = route.handler(director, request);
    return "next" in reply ? reply : { ...withoutBody(reply) };
  };
  return { ...route, method: "HEAD", handler };
}

/** The headers of an answer as GET would give them. */
function withoutBody(reply: HttpReply): HttpReply {
  const { headers } = serialise(reply);
  return { status: reply.status, headers, body: "" };
}
