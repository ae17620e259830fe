import { hash } from "node:crypto";
import { type Body, compilePattern, type HttpReply, type HttpRequest, type Route, within } from "../../kernel/index.ts";
import { ConsulCall, type ConsulSim } from "../wire/call.ts";
import { answerAtOnce, answerErrors, type ConsulReply } from "../wire/handler.ts";
import { readWait } from "../wire/read.ts";
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

/** The newest event that a caller sees, by a number; events have no log index. */
interface EventList {
  readonly index: bigint;
  readonly events: readonly unknown[];
}

function seenEvents(call: ConsulCall): EventList {
  const authorizer = call.authorizer(call.agent.datacenter);
  const name = call.query.get("name") ?? "";
  const list = call.sim.cluster.events
    .of(call.agent)
    .filter((event) => authorizer.sees("event", event.Name) && (name === "" || event.Name === name));
  const last = list.at(-1);
  const index = last === undefined ? 1n : BigInt(`0x${hash("sha256", last.ID, "hex").slice(0, 15)}`);
  return { index, events: list };
}

/** A reader that names the newest event waits for another one. */
function listEvents(sim: ConsulSim, request: HttpRequest): ConsulReply {
  const call = new ConsulCall(sim, request);
  return answerErrors(sim.agent, {}, () => {
    const { minIndex, waitMs } = readWait(call);
    const first = seenEvents(call);
    return minIndex > 0n && first.index === minIndex ? waitForEvent(call, minIndex, waitMs) : eventsReply(call, first);
  });
}

const eventsReply = (call: ConsulCall, { index, events }: EventList): HttpReply =>
  call.json(events, { "X-Consul-Index": String(index) });

function* waitForEvent(call: ConsulCall, minIndex: bigint, waitMs: number): Body<HttpReply> {
  const { kernel } = call.agent;
  const untilMs = kernel.nowMs + waitMs;
  for (;;) {
    const leftMs = untilMs - kernel.nowMs;
    const isWoken = leftMs > 0 && (yield* within(kernel, call.sim.cluster.events.fired, leftMs)) !== undefined;
    const found = seenEvents(call);
    if (!isWoken || found.index !== minIndex) return eventsReply(call, found);
  }
}

/** `/v1/event/…` (Consul 1.8, "Event HTTP API"). */
export const EVENT_ROUTES: readonly Route<ConsulSim>[] = [
  { method: "PUT", path: "/v1/event/fire/", handler: answerAtOnce(fireEvent) },
  { method: "PUT", path: "/v1/event/fire/*rest", handler: answerAtOnce(fireEvent) },
  { method: "GET", path: "/v1/event/list", handler: listEvents },
];
