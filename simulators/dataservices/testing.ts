import { basicHeader, type HttpReply, Kernel, makeRequest, type Process } from "../kernel/index.ts";
import { createDataServices, type DataServices, type Kind } from "./index.ts";

export const AGENT = { port: 3100, username: "agent", password: "agent-secret" };

export interface Rig {
  readonly kernel: Kernel;
  readonly services: DataServices;
  /** Starts an instance; `dep` names its deployment and database. */
  readonly boot: (address: string, dep: string, options?: { index?: number; kind?: Kind; disk?: string }) => void;
  /** Advances the world by this many ms. */
  readonly pass: (ms: number) => void;
  /** Asks the agent at an address, and lets the world run until it has answered. */
  readonly ask: (
    method: string,
    address: string,
    path: string,
    body?: string | Uint8Array,
    password?: string,
  ) => HttpReply;
}

export function rig(seed = 1): Rig {
  const kernel = new Kernel({ seed });
  const services = createDataServices(kernel, { scramIterations: 1 });
  return {
    kernel,
    services,
    boot: (address, dep, { index = 0, kind = "postgresql", disk = `disk-${address}` } = {}) => {
      const properties = { database: dep, port: 5432, admin: { username: "admin", password: "x" }, agent: AGENT };
      services.start({ kind, address, deployment: dep, index, bootstrap: index === 0, disk, properties });
    },
    pass: (ms) => {
      kernel.onTimer("testing/pass", () => void (isOver = true));
      let isOver = false;
      kernel.timer(ms, "testing/pass", {});
      while (!isOver && kernel.step());
    },
    ask: (method, address, path, body = "", password = AGENT.password) =>
      finish(kernel, services.agent.receive(agentRequest(method, address, path, body, password))),
  };
}

export function agentRequest(
  method: string,
  address: string,
  path: string,
  body: string | Uint8Array = "",
  password = AGENT.password,
): ReturnType<typeof makeRequest> {
  const authorization = basicHeader(AGENT.username, password);
  return makeRequest(method, path, { headers: { authorization }, body, origin: `http://${address}:${AGENT.port}` });
}

function finish(kernel: Kernel, answered: HttpReply | Process<HttpReply>): HttpReply {
  if ("status" in answered) return answered;
  while (answered.running && kernel.step());
  if (answered.outcome.state !== "done") throw new Error(`the request is ${answered.outcome.state}`);
  return answered.outcome.value;
}

export const login = (database: string, password = "p1"): { username: string; password: string; database: string } => ({
  username: "u1",
  password,
  database,
});
