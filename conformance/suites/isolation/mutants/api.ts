import { createHash } from "node:crypto";
import { isObject } from "../../../client/http/json.ts";
import { jsonOf, reply, type WireRequest } from "../../../osb/memory-broker/http.ts";
import { RIGHT } from "../../toy/behaviour.ts";
import type { ToyCloud } from "../../toy/cloud.ts";
import { type DataMutant, dataMutant as mutant, type Wire } from "../../toy/mutants.ts";

/** The password of a request's credentials. */
function passwordOf({ headers }: WireRequest): string | undefined {
  const text = Buffer.from(headers["authorization"]?.replace("Basic ", "") ?? "", "base64").toString("utf8");
  return text.includes(":") ? text.slice(text.indexOf(":") + 1) : undefined;
}

/** How many letters of two texts are alike, from the first on. */
function alike(a: string, b: string): number {
  let count = 0;
  while (count < a.length && a[count] === b[count]) count++;
  return count;
}

const ofLogin = ({ login = "" }: ToyCloud): string =>
  Buffer.from(login.replace("Basic ", ""), "base64").toString("utf8").split(":")[1] ?? "";

const isProvision = ({ method, path }: WireRequest): boolean => method === "PUT" && path.length === 3;
const isOfBinding = ({ path }: WireRequest): boolean => path[3] === "service_bindings" && path.length === 5;

/** The text of a context's name. */
function nameIn(request: WireRequest): string {
  const { context } = jsonOf(request);
  return isObject(context) && typeof context["instance_name"] === "string" ? context["instance_name"] : "";
}

/** Whether any instance has the binding that a request is about. */
const isAnybodys = ({ path }: WireRequest, cloud: ToyCloud): boolean =>
  [...cloud.instances.values()].some(({ bindings }) => bindings.has(path[4] ?? ""));

/** Answers to requests of a kind what they should not be answered. */
const answering =
  (isMeant: (request: WireRequest) => boolean, status: number, body: object): Wire =>
  async (request, next) =>
    isMeant(request) ? reply(status, body) : next(request);

/** Remembers what a binding gave, and gives it when its instance is gone. */
function remembering(): Wire {
  const given = new Map<string, string>();
  return async (request, next) => {
    const answer = await next(request);
    if (!isOfBinding(request)) return answer;
    const key = request.path.join("/");
    if (request.method === "PUT" && answer.status < 300) given.set(key, answer.text);
    const known = given.get(key);
    return request.method === "GET" && answer.status === 404 && known !== undefined
      ? { ...answer, text: known }
      : answer;
  };
}

/** What a broker does wrong with who asks, and for what. */
export const API_MUTANTS: readonly DataMutant[] = [
  mutant("extension-is-open", "IS-01", "The routes of backups ask for no credentials.", {
    authorizes: (request, cloud) => request.path.includes("extensions") || RIGHT.authorizes(request, cloud),
  }),
  mutant("blank-password-is-taken", "IS-01", "A blank password is taken for the right one.", {
    authorizes: (request, cloud) => passwordOf(request) === "" || RIGHT.authorizes(request, cloud),
  }),
  mutant(
    "looked-at-before-it-is-asked",
    "IS-01",
    "Whether an instance is there is said before it is asked who wants to know.",
    {},
    ["IS-14"],
    async (request, next, cloud) => {
      const isKnown = cloud.instances.has(request.path[2] ?? "");
      return request.path.length > 2 && !isKnown && request.method === "GET" ? reply(404, {}) : next(request);
    },
  ),
  mutant(
    "password-is-compared-letter-by-letter",
    "IS-02",
    "A password is compared letter by letter, and refused at the first that is wrong.",
    {
      authorizes: (request, cloud) => {
        cloud.passMs(alike(passwordOf(request) ?? "", ofLogin(cloud)));
        return RIGHT.authorizes(request, cloud);
      },
    },
  ),
  mutant("plain-http-is-answered", "IS-03", "Requests without TLS are answered as well.", { speaksPlain: true }),
  mutant(
    "instance-id-is-anybodys",
    "IS-04",
    "Who provisions the id of another organization's instance is given its dashboard.",
    {},
    [],
    async (request, next) => {
      const answer = await next(request);
      return isProvision(request) && answer.status === 409
        ? reply(200, { dashboard_url: "https://dashboard.toy.test/1" })
        : answer;
    },
  ),
  mutant(
    "conflict-gives-the-dashboard",
    "IS-04",
    "The refusal of another organization's instance id names its dashboard.",
    {},
    [],
    async (request, next) => {
      const answer = await next(request);
      return isProvision(request) && answer.status === 409
        ? reply(409, { dashboard_url: "https://dashboard.toy.test/1" })
        : answer;
    },
  ),
  mutant("offering-is-not-looked-at", "IS-05", "A removal is carried out whatever service and plan it names.", {
    isOffering: () => true,
  }),
  mutant(
    "binding-is-repeated-for-anybody",
    "IS-08",
    "A binding id that comes again for another application gets the credentials.",
    { isSameBind: () => true },
    ["IS-07"],
  ),
  mutant("any-operation-is-answered", "IS-09", "An instance is polled by the operation of another.", {
    isOperationOf: (token, instance) => RIGHT.isOperationOf(token, instance) || !(token ?? "").endsWith("zzzz"),
  }),
  mutant("forged-identity-opens", "IS-11", "Whoever says that he is an administrator is taken for one.", {
    authorizes: (request, cloud) =>
      Buffer.from(request.headers["x-broker-api-originating-identity"]?.split(" ")[1] ?? "", "base64").includes(
        '"admin"',
      ) || RIGHT.authorizes(request, cloud),
  }),
  mutant(
    "malformed-identity-breaks-it",
    "IS-11",
    "An originating identity that can't be read is answered 500.",
    {},
    [],
    answering(({ headers }) => /not-base64/.test(headers["x-broker-api-originating-identity"] ?? ""), 500, {}),
  ),
  mutant(
    "quote-in-an-id-breaks-it",
    "IS-12",
    "A quote in an id is answered 500.",
    {},
    [],
    answering(({ path }) => path.some((each) => each.includes("'")), 500, {}),
  ),
  mutant(
    "path-in-an-id-is-followed",
    "IS-12",
    "An id with a path leads to what the path leads to.",
    {},
    [],
    answering(({ path, method }) => method === "GET" && path.some((each) => each.startsWith("../")), 200, {
      services: [],
    }),
  ),
  mutant(
    "says-that-it-is-anothers",
    "IS-13",
    "Who asks for another's binding is answered that it is another's.",
    {},
    ["IS-06"],
    async (request, next, cloud) => {
      const answer = await next(request);
      const isAnothers = isOfBinding(request) && answer.status === 404 && isAnybodys(request, cloud);
      return isAnothers ? reply(404, { description: "This binding belongs to another instance." }) : answer;
    },
  ),
  mutant(
    "takes-longer-for-anothers",
    "IS-13",
    "The refusal of another's binding takes longer than that of one that nobody has.",
    {},
    [],
    async (request, next, cloud) => {
      if (isOfBinding(request) && isAnybodys(request, cloud)) cloud.passMs(4);
      return next(request);
    },
  ),
  mutant(
    "lists-everybody",
    "IS-14",
    "A route for administrators lists all instances to any platform.",
    {},
    [],
    async (request, next, cloud) =>
      request.path[0] === "instances" && request.headers["authorization"] === cloud.login
        ? reply(200, { instances: [...cloud.instances.keys()] })
        : next(request),
  ),
  mutant(
    "metrics-are-open",
    "IS-14",
    "Metrics are open to everybody.",
    {},
    [],
    answering(({ path }) => path[0] === "metrics", 200, { requests: 5 }),
  ),
  mutant(
    "traces-in-errors",
    "IS-15",
    "An error shows where in the code it came from.",
    {},
    [],
    async (request, next) => {
      const answer = await next(request);
      return answer.status === 400
        ? reply(400, { description: "TypeError\n    at provision (/opt/broker/lib/provision.js:10:5)" })
        : answer;
    },
  ),
  mutant(
    "takes-any-parameter",
    ["IS-16"],
    "Parameters that no plan publishes are taken in silence.",
    { takes: () => true },
    ["IS-17", "IS-20"],
  ),
  mutant("syslog-leads-anywhere", "IS-17", "Logs are sent wherever a tenant says, also to the metadata service.", {
    takes: (parameters) => RIGHT.takes(parameters) || "syslog" in parameters,
    look: (name, instance, cloud) =>
      name === "egress" ? [JSON.stringify(instance.request["parameters"] ?? {})] : RIGHT.look(name, instance, cloud),
  }),
  mutant("clones-anybodys", "IS-20", "A provision names an instance to be cloned, and nobody asks whose it is.", {
    takes: (parameters) => RIGHT.takes(parameters) || "clone-from" in parameters,
  }),
  mutant(
    "tells-anothers-source-apart",
    "IS-20",
    "A source that is another's is refused otherwise than one that nobody has.",
    {},
    [],
    async (request, next, cloud) => {
      const answer = await next(request);
      const { parameters } = jsonOf(request);
      const isThere =
        isObject(parameters) && Object.values(parameters).some((each) => cloud.instances.has(String(each)));
      return isProvision(request) && answer.status === 400 && isThere ? reply(403, {}) : answer;
    },
  ),
  mutant(
    "quote-in-a-name-breaks-it",
    "IS-18",
    "A quote in the name of an instance is answered 500.",
    {},
    [],
    answering((request) => isProvision(request) && nameIn(request).includes("'"), 500, {}),
  ),
  mutant(
    "names-are-templates",
    "IS-18",
    "The name of an instance is evaluated as a template.",
    {},
    [],
    async (request, next) => {
      const answer = await next(request);
      return isProvision(request) && nameIn(request).includes("{{7*7}}")
        ? reply(answer.status, { ...jsonOf(answer), description: "instance 49" })
        : answer;
    },
  ),
  mutant("parameters-are-echoed", "IS-19", "An instance shows the parameters that it was given, secrets and all.", {
    describeInstance: ({ request }) => ({ parameters: request["parameters"] ?? {} }),
  }),
  mutant("passwords-go-up", "IS-23", "Passwords are numbers that go up.", {
    mint: (_instance, _id, serial) => ({
      username: `u${serial}`,
      password: `secret-${String(serial).padStart(8, "0")}`,
    }),
  }),
  mutant("seed-derived-passwords", "IS-23", "A password is a hash of the ids of instance and binding.", {
    mint: (instance, id, serial) => ({
      username: `u${serial}`,
      password: createHash("sha256")
        .update(instance.id + id)
        .digest("hex"),
    }),
  }),
  mutant("passwords-are-short", "IS-23", "Passwords have six characters.", {
    mint: (...args) => ({ ...RIGHT.mint(...args), password: RIGHT.mint(...args).password.slice(7, 13) }),
  }),
  mutant(
    "tombstone-gives-credentials",
    "IS-58",
    "A binding is given out still when its instance is gone.",
    {},
    ["IS-06"],
    remembering(),
  ),
  mutant("anybodys-backup-is-a-source", "IS-61", "A backup is restored into any instance, whoever it belongs to.", {
    isSourceFor: (_instance, backup) => backup.state !== "deleted",
  }),
];
