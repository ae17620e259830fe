/*
 * Talks with a Consul, as text that a person writes: the requests of recordings, without their replies.
 *
 *     = kv-odd: what its title says           a talk, its id and title
 *     config {"acl": {"enabled": true}}       laid over the agent's configuration
 *     mode server
 *     agent {"name": "agent-2", "addr": "127.0.0.2", "mode": "client", "config": {}}
 *     token SECRET                            sent with each later request; `token -` with none
 *     H Accept-Encoding: gzip                 a header of the next request
 *     PUT /v1/kv/a {"x": 1}                   a request; its body is the rest of the line, sent as it stands
 *     > id $.body.ID                          keeps a value of the reply as ${id}
 *     @agent-2 GET /v1/kv/a                   another agent is asked
 *     DNS web.service.consul SRV [tcp] [edns 1232]
 *     WAIT 300
 *     START w GET /v1/kv/a?index=${i}         a request in the background … PENDING w … JOIN w
 */
import type { HttpStep, RecordedStep, Scenario } from "../../simulators/dns/parity/recording.ts";

/** A talk: a scenario of recordings, but for the replies. */
export type Talk = Omit<Scenario, "steps"> & { readonly steps: readonly RecordedStep[] };

interface Draft {
  readonly id: string;
  readonly title: string;
  readonly area: string;
  readonly given: Record<string, unknown>;
  readonly agents: NonNullable<Scenario["agents"]>[number][];
  readonly steps: RecordedStep[];
  token: string;
  headers: Record<string, string>;
}

const REQUEST = /^(?:@(\S+) )?(?:START (\w+) )?(GET|PUT|POST|DELETE|HEAD|OPTIONS|PATCH|LIST) (\S+)(?: ([\s\S]*))?$/;
const QUESTION = /^(?:@(\S+) )?DNS (\S+) (\w+)( tcp)?(?: edns (\d+))?$/;

/** Reads the talks of a text. @throws Error that names the line that it does not understand */
export function readTalks(text: string, area: string): readonly Talk[] {
  const drafts: Draft[] = [];
  for (const [at, line] of text.split("\n").entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const head = /^= ([\w.-]+): (.*)$/.exec(line);
    if (head !== null)
      drafts.push({
        id: `${head[1]}`,
        title: `${head[2]}`,
        area,
        given: {},
        agents: [],
        steps: [],
        token: "-",
        headers: {},
      });
    else if (!readLine(drafts.at(-1), line)) throw new Error(`line ${at + 1} is no step: ${line}`);
  }
  return drafts.map(({ id, title, given, agents, steps }) => ({
    id,
    title,
    area,
    ...given,
    ...(agents.length > 0 && { agents }),
    steps,
  }));
}

/** Adds what a line says to the talk that it belongs to. Returns whether it was understood. */
function readLine(talk: Draft | undefined, line: string): boolean {
  if (talk === undefined) return false;
  const [word = "", ...others] = line.split(" ");
  const rest = others.join(" ");
  switch (word) {
    case "config":
    case "leader":
    case "unsynced":
    case "servers":
    case "upstreams":
      talk.given[word] = JSON.parse(rest);
      return true;
    case "mode":
      talk.given["mode"] = rest;
      return true;
    case "agent":
      talk.agents.push(JSON.parse(rest));
      return true;
    case "token":
      talk.token = rest;
      return true;
    case "H": {
      const [name = "", ...value] = rest.split(": ");
      talk.headers[name] = value.join(": ");
      return true;
    }
    default:
      return readStep(talk, word, rest, line);
  }
}

function readStep(talk: Draft, word: string, rest: string, line: string): boolean {
  const { steps } = talk;
  switch (word) {
    case "WAIT":
      steps.push({ wait_ms: Number(rest) });
      return true;
    case "PENDING":
      steps.push({ pending: rest });
      return true;
    case "KILL":
      steps.push({ kill: rest });
      return true;
    case "JOIN":
      steps.push({ join: rest, reply: NO_REPLY });
      return true;
    case ">": {
      const [name = "", path = ""] = rest.split(" ");
      const last = steps.pop();
      if (last === undefined || !("http" in last || "dns" in last || "join" in last)) return false;
      steps.push({ ...last, capture: { ...last.capture, [name]: path } });
      return true;
    }
    default:
      return readAsked(talk, line);
  }
}

const NO_REPLY = { status: 0, headers: {}, body: "" };

function readAsked(talk: Draft, line: string): boolean {
  const question = QUESTION.exec(line);
  if (question !== null) {
    const [, agent, name, type, tcp, udp] = question;
    talk.steps.push({
      dns: {
        transport: tcp === undefined ? "udp" : "tcp",
        question: `${name}. ${type} IN`,
        ...(udp !== undefined && { edns: { udp: Number(udp) } }),
      },
      ...(agent !== undefined && { agent }),
    });
    return true;
  }
  const request = REQUEST.exec(line);
  if (request === null) return false;
  const [, agent, start, method = "", path = "", body] = request;
  const headers = { ...(talk.token !== "-" && { "X-Consul-Token": talk.token }), ...talk.headers };
  talk.headers = {};
  const step: HttpStep = {
    http: {
      method,
      path,
      ...(Object.keys(headers).length > 0 && { headers }),
      ...(body !== undefined && { body: body.startsWith("json:") ? JSON.parse(body.slice(5)) : body }),
    },
    ...(agent !== undefined && { agent }),
    ...(start !== undefined && { start }),
    reply: start === undefined ? NO_REPLY : null,
  };
  talk.steps.push(step);
  return true;
}
