import { reply, type WireRequest } from "../../../osb/memory-broker/http.ts";
import { RIGHT } from "../../toy/behaviour.ts";
import type { ToyCloud } from "../../toy/cloud.ts";
import { type DataMutant, dataMutant as mutant } from "../../toy/mutants.ts";
import { answering, isOfBinding, isProvision } from "./wires.ts";

/** The password of a request's credentials. */
function passwordOf({ headers }: WireRequest): string | undefined {
  const text = Buffer.from(headers["authorization"]?.replace("Basic ", "") ?? "", "base64").toString("utf8");
  return text.includes(":") ? text.slice(text.indexOf(":") + 1) : undefined;
}

/** The length of the common prefix of two texts. */
function alike(a: string, b: string): number {
  let count = 0;
  while (count < a.length && a[count] === b[count]) count++;
  return count;
}

const ofLogin = ({ login = "" }: ToyCloud): string =>
  Buffer.from(login.replace("Basic ", ""), "base64").toString("utf8").split(":")[1] ?? "";

/** Whether any instance has the binding that a request is about. */
const isAnybodys = ({ path }: WireRequest, cloud: ToyCloud): boolean =>
  [...cloud.instances.values()].some(({ bindings }) => bindings.has(path[4] ?? ""));

/** Mistakes of brokers about the caller and the target of a request. */
export const API_MUTANTS: readonly DataMutant[] = [
  mutant("IS-01", "extension-is-open", "The routes of backups ask for no credentials.", {
    authorizes: (request, cloud) => request.path.includes("extensions") || RIGHT.authorizes(request, cloud),
  }),
  mutant("IS-01", "blank-password-is-taken", "A blank password is accepted as the right one.", {
    authorizes: (request, cloud) => passwordOf(request) === "" || RIGHT.authorizes(request, cloud),
  }),
  mutant(
    "IS-01",
    "looked-at-before-it-is-asked",
    "Requests are answered whether an instance exists before their credentials are checked.",
    {},
    ["IS-14"],
    async (request, next, cloud) => {
      const isKnown = cloud.instances.has(request.path[2] ?? "");
      return request.path.length > 2 && !isKnown && request.method === "GET" ? reply(404, {}) : next(request);
    },
  ),
  mutant(
    "IS-02",
    "password-is-compared-letter-by-letter",
    "A password is compared letter by letter, and refused at the first that is wrong.",
    {
      authorizes: (request, cloud) => {
        cloud.passMs(alike(passwordOf(request) ?? "", ofLogin(cloud)));
        return RIGHT.authorizes(request, cloud);
      },
    },
  ),
  mutant("IS-03", "plain-http-is-answered", "Requests without TLS are answered as well.", { speaksPlain: true }),
  mutant(
    "IS-04",
    "instance-id-is-anybodys",
    "A provision under the id of another organization's instance is answered with its dashboard.",
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
    "IS-04",
    "conflict-gives-the-dashboard",
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
  mutant(
    "IS-05",
    "offering-is-not-looked-at",
    "A removal is carried out regardless of the service and plan that it names.",
    {
      isOffering: () => true,
    },
  ),
  mutant(
    "IS-08",
    "binding-is-repeated-for-anybody",
    "A binding id that is sent again for another application gets the credentials.",
    { isSameBind: () => true },
    ["IS-07"],
  ),
  mutant("IS-09", "any-operation-is-answered", "An instance is polled by the operation of another.", {
    isOperationOf: (token, instance) => RIGHT.isOperationOf(token, instance) || !(token ?? "").endsWith("zzzz"),
  }),
  mutant("IS-11", "forged-identity-opens", "Anybody who claims to be an administrator is believed.", {
    authorizes: (request, cloud) =>
      Buffer.from(request.headers["x-broker-api-originating-identity"]?.split(" ")[1] ?? "", "base64").includes(
        '"admin"',
      ) || RIGHT.authorizes(request, cloud),
  }),
  mutant(
    "IS-11",
    "malformed-identity-breaks-it",
    "An originating identity that can't be read is answered 500.",
    {},
    [],
    answering(({ headers }) => /not-base64/.test(headers["x-broker-api-originating-identity"] ?? ""), 500, {}),
  ),
  mutant(
    "IS-12",
    "quote-in-an-id-breaks-it",
    "A quote in an id is answered 500.",
    {},
    [],
    answering(({ path }) => path.some((each) => each.includes("'")), 500, {}),
  ),
  mutant(
    "IS-12",
    "path-in-an-id-is-followed",
    "An id that contains a path is followed to where the path leads.",
    {},
    [],
    answering(({ path, method }) => method === "GET" && path.some((each) => each.startsWith("../")), 200, {
      services: [],
    }),
  ),
  mutant(
    "IS-13",
    "says-that-it-is-anothers",
    "A request for another's binding is answered that it belongs to another.",
    {},
    ["IS-06"],
    async (request, next, cloud) => {
      const answer = await next(request);
      const isAnothers = isOfBinding(request) && answer.status === 404 && isAnybodys(request, cloud);
      return isAnothers ? reply(404, { description: "This binding belongs to another instance." }) : answer;
    },
  ),
  mutant(
    "IS-13",
    "takes-longer-for-anothers",
    "The refusal of another's binding takes longer than that of an unknown one.",
    {},
    [],
    async (request, next, cloud) => {
      if (isOfBinding(request) && isAnybodys(request, cloud)) cloud.passMs(4);
      return next(request);
    },
  ),
  mutant(
    "IS-14",
    "lists-everybody",
    "A route for administrators lists all instances to any platform.",
    {},
    [],
    async (request, next, cloud) =>
      request.path[0] === "instances" && request.headers["authorization"] === cloud.login
        ? reply(200, { instances: [...cloud.instances.keys()] })
        : next(request),
  ),
  mutant(
    "IS-14",
    "metrics-are-open",
    "Metrics are open to everybody.",
    {},
    [],
    answering(({ path }) => path[0] === "metrics", 200, { requests: 5 }),
  ),
  mutant(
    "IS-15",
    "traces-in-errors",
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
];
