import { type Evidence, fail, type Outcome, pass } from "../../../runner/check.ts";
import type { Vantage } from "../../../data/plane.ts";
import type { Tenant } from "../../tenants/tenants.ts";
import type { IsolationContext } from "../context.ts";
import { toWhom } from "../attempts.ts";
import { type Attempt, firstCells, judgeAttempts, requireEngine } from "../engine-attempts.ts";
import { isolationCheck } from "../plan.ts";

/**
 * `OPEN name` opens a virtual host over AMQP; the others are requests to the management API, with the binding's login. Rows are names.
 */
const ATTEMPTS: readonly Attempt[] = [
  {
    what: "virtual hosts of others",
    command: "GET /api/vhosts",
    gains: (rows, { database }) => firstCells(rows).some((name) => name !== database),
  },
  {
    what: "the default virtual host",
    command: "OPEN /",
    gains: (_rows, { database }) => database !== "/",
  },
  {
    what: "users of others",
    command: "GET /api/users",
    gains: (rows, { username }) => firstCells(rows).some((name) => name !== username),
  },
  {
    what: "connections of others",
    command: "GET /api/connections",
    gains: (rows, { database }) => rows.some(([, vhost]) => vhost !== undefined && vhost !== database),
  },
  { what: "the definitions of the cluster", command: "GET /api/definitions", gains: (rows) => rows.length > 0 },
  {
    what: "a user that it creates itself",
    command: 'PUT /api/users/drydock {"password":"drydock","tags":"administrator"}',
    after: "DELETE /api/users/drydock",
  },
  {
    what: "a virtual host that it creates itself",
    command: "PUT /api/vhosts/drydock",
    after: "DELETE /api/vhosts/drydock",
  },
  {
    what: "a setting of the cluster",
    command: 'PUT /api/global-parameters/drydock {"value":1}',
    after: "DELETE /api/global-parameters/drydock",
  },
];

/** The ports of Erlang's port mapper, of the distribution between nodes, and of the command line tools. */
const ERLANG_PORTS = [4369, 25_672, 35_672];

/** The account that every new server has. */
async function judgeGuest(context: IsolationContext, { access }: Tenant): Promise<Outcome | undefined> {
  const login = { ...access.login, username: "guest", password: "guest" };
  const refusal = await context.recorder.tryLoginOnce({ login, of: "guest, with its usual password" });
  return refusal === undefined ? fail("guest to be refused", "it is let in", ...context.lastStep()) : undefined;
}

async function judgePorts(context: IsolationContext, { access }: Tenant): Promise<Outcome> {
  const { host } = access.login;
  const places: readonly Vantage[] = ["application", ...(context.recorder.plane.hasTenantVm ? [{ vmOf: host }] : [])];
  const evidence: Evidence[] = [];
  for (const from of places)
    for (const port of ERLANG_PORTS) {
      const reach = await context.recorder.tryPort({ host, port }, from);
      evidence.push(...context.lastStep());
      if (reach === "open")
        return fail("the ports of Erlang to be shut", `${port} answers ${toWhom(from)}`, ...context.lastStep());
    }
  return pass(...evidence);
}

async function judgeRabbit(context: IsolationContext): Promise<Outcome> {
  const tenant = await requireEngine(context, "rabbitmq");
  const attempts = await judgeAttempts(context, tenant, ATTEMPTS, `OPEN ${tenant.access.login.database}`);
  if (attempts.verdict !== "pass") return attempts;
  const rest = (await judgeGuest(context, tenant)) ?? (await judgePorts(context, tenant));
  return rest.verdict === "pass" ? attempts : rest;
}

/** IS-40: RabbitMQ, a tenant sees its own virtual host. */
export const rabbitCheck = isolationCheck("IS-40", {
  requirement:
    "A tenant of RabbitMQ sees and opens its own virtual host alone, administers nothing, and reaches no port of Erlang; guest is refused.",
  run: judgeRabbit,
});
