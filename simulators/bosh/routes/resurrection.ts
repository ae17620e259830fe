import type { HttpReply } from "../../kernel/index.ts";
import { toRubyText } from "../templates/ruby.ts";
import { jsonObject, raiseUnforeseen } from "../wire/bodies.ts";
import type { RequestContext } from "../wire/context.ts";
import { emptyReply, htmlJson } from "../wire/replies.ts";
import { type DirectorRoute, route } from "../wire/route.ts";

const show = ({ director }: RequestContext): HttpReply =>
  htmlJson(200, { resurrection: !director.slot.value.resurrectionPaused });

function pause(context: RequestContext): HttpReply {
  const body = jsonObject(context) ?? raiseUnforeseen();
  // Anything but `false` pauses it.
  context.director.slot.value.resurrectionPaused = toRubyText(body.resurrection_paused) !== "false";
  return emptyReply(200);
}

/** The routes of /resurrection. */
export const RESURRECTION: readonly DirectorRoute[] = [
  route("GET", "/resurrection", {}, show),
  route("PUT", "/resurrection", { media: ["application/json"] }, pause),
];
