import type { LiveEvent } from "./feed.ts";
import type { ClockCommand, LiveCloud, Refused } from "./source.ts";

/** The server's answer to a request of the page. */
interface Reply {
  readonly status: number;
  readonly body: unknown;
}

/** How many events one search returns. */
const FOUND_MAX = 1000;
/** The farthest that the clock may be moved at once: ten years. */
const JUMP_MS_MAX = 10 * 366 * 86_400_000;
const OUTPUTS = ["event", "debug", "cpi", "result"] as const;

const refuse = (status: number, code: string, message: string): Reply => ({
  status,
  body: { error: { code, message } },
});

const replyTo = (refused: Refused | undefined): Reply =>
  refused === undefined ? { status: 200, body: {} } : refuse(400, refused.code, refused.message);

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** Whether the event contains every word of a query, whatever its case. */
function isFound({ source, kind, subject, data }: LiveEvent, words: readonly string[]): boolean {
  const text = `${source} ${kind} ${subject} ${JSON.stringify(data)}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

function search(cloud: LiveCloud, query: string): Reply {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const all = cloud.events();
  const found: LiveEvent[] = [];
  let count = 0;
  for (let at = all.length - 1; at >= 0; at--) {
    const event = all[at];
    if (event === undefined || !isFound(event, words)) continue;
    if (++count <= FOUND_MAX) found.push(event);
  }
  return { status: 200, body: { events: found.reverse(), count, kept: all.length } };
}

/** The command in a body; undefined if it holds no valid one. */
function clockCommand(body: unknown): ClockCommand | undefined {
  if (typeof body !== "object" || body === null || !("do" in body)) return undefined;
  if (body.do === "pause" || body.do === "resume" || body.do === "step") return { do: body.do };
  const ms = "ms" in body ? body.ms : undefined;
  const isFar = typeof ms === "number" && Number.isInteger(ms) && ms > 0 && ms <= JUMP_MS_MAX;
  return body.do === "jump" && isFar ? { do: "jump", ms } : undefined;
}

function steer(cloud: LiveCloud, body: string): Reply {
  const command = clockCommand(parse(body));
  if (command === undefined)
    return refuse(
      400,
      "LIVE_BAD_COMMAND",
      `send {"do": "pause" | "resume" | "step"} or {"do": "jump", "ms": 1…${JUMP_MS_MAX}}`,
    );
  return replyTo(cloud.steerClock(command));
}

function taskOutput(cloud: LiveCloud, number: string, kind: string | null): Reply {
  const wanted = OUTPUTS.find((each) => each === (kind ?? "event"));
  if (wanted === undefined) return refuse(400, "LIVE_BAD_QUERY", `kind is one of ${OUTPUTS.join(", ")}`);
  const output = cloud.taskOutput(Number(number), wanted);
  return output === undefined
    ? refuse(404, "LIVE_NO_TASK", `there is no task ${number}`)
    : { status: 200, body: { output } };
}

/** Answers every request of the page except the one for its stream. */
export function answer(
  cloud: LiveCloud | undefined,
  method: string,
  { pathname, searchParams }: URL,
  body: string,
): Reply {
  if (cloud === undefined) return refuse(404, "LIVE_NO_CLOUD", "there is no cloud here, only a run");
  const [, room, id = ""] = pathname.split("/");
  switch (`${method} /${room}${id === "" ? "" : "/:id"}`) {
    case "GET /points":
      return { status: 200, body: cloud.points() };
    case "POST /faults":
      return replyTo(cloud.arm(parse(body)));
    case "DELETE /faults/:id":
      return replyTo(cloud.disarm(Number(id)));
    case "POST /clock":
      return steer(cloud, body);
    case "GET /journal":
      return search(cloud, searchParams.get("q") ?? "");
    case "GET /tasks/:id":
      return taskOutput(cloud, id, searchParams.get("kind"));
    default:
      return refuse(404, "LIVE_NO_ROUTE", `there is no ${method} ${pathname}`);
  }
}
