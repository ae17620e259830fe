import { Kernel } from "../../simulators/kernel/index.ts";
import { RULE_SCHEMA } from "../../simulators/kernel/faults/parse-rule.ts";
import { createControl } from "../../simulators/control/api.ts";

interface Described {
  readonly summary: string;
  readonly status: number;
  readonly response?: object;
  readonly query?: readonly (readonly [name: string, prose: string])[];
  /** Codes of refusals beyond those of access. */
  readonly refusals?: readonly string[];
}

const TEXT = { type: "string" };
const WHOLE = { type: "integer" };
const listOf = (items: object): object => ({ type: "array", items });
const objectOf = (properties: Record<string, object>): object => ({
  type: "object",
  properties,
  required: Object.keys(properties),
});

/** The purpose of each route; a test compares the list with the routes themselves. */
const DESCRIBED: Readonly<Record<string, Described>> = {
  "GET /_drydock/faults/points": {
    summary: "Where faults can be armed, and with which effects",
    status: 200,
    query: [["point", "a pattern in which * stands for any characters; default: all"]],
    response: listOf(objectOf({ point: TEXT, effects: listOf(TEXT), prose: TEXT })),
  },
  "GET /_drydock/faults/effects": {
    summary: "What faults can do, each with the schema of its members",
    status: 200,
    response: listOf(objectOf({ kind: TEXT, prose: TEXT, schema: { type: "object" } })),
  },
  "GET /_drydock/faults": {
    summary: "The rules that are armed, and how often each has acted",
    status: 200,
    response: listOf(
      objectOf({ id: WHOLE, rule: { $ref: "#/components/schemas/FaultRule" }, seen: WHOLE, acted: WHOLE }),
    ),
  },
  "POST /_drydock/faults": {
    summary: "Arms a rule",
    status: 201,
    response: objectOf({ id: WHOLE }),
    refusals: [
      "FAULT_BAD_RULE",
      "FAULT_UNKNOWN_POINT",
      "FAULT_WRONG_EFFECT",
      "FAULT_UNKNOWN_ATTRIBUTE",
      "FAULT_IMPOSSIBLE_VALUE",
      "FAULT_RULES_MAX",
    ],
  },
  "DELETE /_drydock/faults": { summary: "Disarms every rule", status: 204 },
  "DELETE /_drydock/faults/{id}": { summary: "Disarms one rule", status: 204, refusals: ["CONTROL_NO_RULE"] },
  "GET /_drydock/events": {
    summary: "A page of the journal",
    status: 200,
    query: [
      ["after", "the number of the last event that is known; default 0"],
      ["limit", "most events of the page, at most 1000; default 1000"],
    ],
    response: objectOf({
      events: listOf(
        objectOf({ seq: WHOLE, time: WHOLE, source: TEXT, kind: TEXT, subject: TEXT, data: { type: "object" } }),
      ),
      oldest: WHOLE,
      newest: WHOLE,
    }),
    refusals: ["CONTROL_BAD_QUERY"],
  },
  "GET /_drydock/digest": {
    summary: "The journal's digest: same seed and same requests, same digest",
    status: 200,
    response: objectOf({ digest: TEXT, events: WHOLE, nowMs: { type: "number" } }),
  },
  "GET /_drydock/laws": {
    summary: "The conservation laws that are broken, one line each",
    status: 200,
    response: objectOf({ broken: listOf(TEXT) }),
  },
  "POST /_drydock/snapshots": {
    summary: "Captures the simulated world; the stores of brokers and live data are not in it",
    status: 201,
    response: objectOf({ id: WHOLE }),
    refusals: ["KERNEL_NOT_RECORDING"],
  },
  "POST /_drydock/snapshots/{id}/restore": { summary: "Restores it", status: 204, refusals: ["CONTROL_NO_SNAPSHOT"] },
};

const errorAnswer = (description: string): object => ({
  description,
  content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
});

/** `:id` of a route is `{id}` in OpenAPI. */
const templateOf = (path: string): string => path.replaceAll(/:(\w+)/g, "{$1}");

function operationOf(method: string, path: string): object {
  const described = DESCRIBED[`${method} ${path}`];
  if (described === undefined) throw new Error(`${method} ${path} is not described`);
  const { summary, status, response, query = [], refusals = [] } = described;
  const parameters = [
    ...[...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({ name, in: "path", required: true, schema: WHOLE })),
    ...query.map(([name, description]) => ({ name, in: "query", description, schema: TEXT })),
  ];
  const content = response === undefined ? {} : { content: { "application/json": { schema: response } } };
  const isBody = method === "POST" && path.endsWith("/faults");
  const schema = { $ref: "#/components/schemas/FaultRule" };
  return {
    summary,
    operationId: `${method.toLowerCase()}${path.replaceAll(/\W+(\w)/g, (_, first: string) => first.toUpperCase()).replaceAll(/\W/g, "")}`,
    ...(parameters.length > 0 && { parameters }),
    ...(isBody && { requestBody: { required: true, content: { "application/json": { schema } } } }),
    responses: {
      [status]: { description: summary, ...content },
      401: errorAnswer("CONTROL_UNAUTHORIZED: without the token"),
      403: errorAnswer("CONTROL_FOREIGN_HOST, CONTROL_FROM_PAGE: by another name, or from a web page"),
      415: errorAnswer("CONTROL_NOT_JSON: a body that is not JSON"),
      ...(refusals.length > 0 && { "4XX": errorAnswer(refusals.join(", ")) }),
    },
  };
}

/** The routes that the control API has, as `GET /path/{id}`. */
function routes(): readonly (readonly [method: string, path: string])[] {
  const kernel = new Kernel();
  const service = createControl({ kernel, findBrokenLaws: () => [] }, { token: "", hosts: [] });
  return service.routes.map(({ method, path }) => [method, templateOf(path)] as const);
}

/** The control API as an OpenAPI document. */
export function controlDocument(): string {
  const paths: Record<string, Record<string, object>> = {};
  for (const [method, path] of routes()) {
    const known = paths[path] ?? {};
    paths[path] = known;
    known[method.toLowerCase()] = operationOf(method, path);
  }
  const document = {
    openapi: "3.1.0",
    info: {
      title: "Drydock's control API",
      version: "1",
      description:
        "Steers a cloud that is up. Address and token: DRYDOCK_CONTROL and DRYDOCK_CONTROL_TOKEN of `drydock env`.",
    },
    servers: [{ url: "http://{address}", variables: { address: { default: "127.64.250.1:7701" } } }],
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
      schemas: { FaultRule: RULE_SCHEMA, Error: objectOf({ error: objectOf({ code: TEXT, message: TEXT }) }) },
    },
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}
