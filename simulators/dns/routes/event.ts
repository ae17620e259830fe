import { hash } from "node:crypto";
import { compilePattern, type HttpReply, type Route } from "../../kernel/index.ts";
import type { ConsulCall, ConsulSim } from "../wire/call.ts";
import { answerAtOnce } from "../wire/handler.ts";
import { deny, HttpError, refuseBadRequest, refuseInternally } from "../wire/refusal.ts";

function fireEvent(call: ConsulCall): HttpReply {
  if (call.rest === "") refuseBadRequest("Missing name");
  const filters = ["node", "service", "tag"].map((name) => [name, call.query.get(name) ?? ""] as const);
  const [node = "", service = "", tag = ""] = filters.map(([, filter]) => filter);
  const datacenter = call.datacenter();
  if (!call.authorizer(datacenter).writes("event", call.rest)) deny();
  if (tag !== "" && service === "") refuseInternally("Cannot provide tag filter without service filter");
  for (const [name, filter] of filters) {
    const compiled = compilePattern(filter);
    if (!compiled.ok) refuseInternally(`Invalid ${name} filter: ${compiled.error}`);
  }
  const payload = Buffer.from(call.request.body);
  refuseLarge(call, payload.length);
  const Payload = payload.length === 0 ? null : payload.toString("base64");
  const { cluster } = call.sim;
  return call.json(
    cluster.events.fire(cluster.membersOf(datacenter), {
      Name: call.rest,
      Payload,
      NodeFilter: node,
      ServiceFilter: service,
      TagFilter: tag,
    }),
  );
}

/** @throws HttpError for a payload over the limit */
function refuseLarge(call: ConsulCall, bytes: number): void {
  const { eventBytesMax: most, isToday } = call.agent.options.profile;
  if (bytes <= most) return;
  if (isToday)
    throw new HttpError(
      413,
      `Event payload too large, received ${bytes} bytes, max size: ${most} bytes. User events should be kept small for efficient gossip propagation.`,
    );
  refuseInternally(
    `1 error occurred:\n\t* error broadcasting event to segment "": user event exceeds configured limit of ${most} bytes before encoding\n\n`,
  );
}

/** Events have no log index: the newest one's is derived from its id. */
function listEvents(call: ConsulCall): HttpReply {
  const authorizer = call.authorizer(call.agent.datacenter);
  const name = call.query.get("name") ?? "";
  const list = call.sim.cluster.events
    .of(call.agent)
    .filter((event) => authorizer.sees("event", event.Name) && (name === "" || event.Name === name));
  const last = list.at(-1);
  const index = last === undefined ? 1n : BigInt(`0x${hash("sha256", last.ID, "hex").slice(0, 15)}`);
  return call.json(list, { "X-Consul-Index": String(index) });
}

/** `/v1/event/…` (Consul 1.8, "Event HTTP API"). */
export const EVENT_ROUTES: readonly Route<ConsulSim>[] = [
  { method: "PUT", path: "/v1/event/fire/", handler: answerAtOnce(fireEvent) },
  { method: "PUT", path: "/v1/event/fire/*rest", handler: answerAtOnce(fireEvent) },
  { method: "GET", path: "/v1/event/list", handler: answerAtOnce(listEvents) },
];
