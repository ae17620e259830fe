import { createHash } from "node:crypto";
import { isObject } from "../../../client/http/json.ts";
import { jsonOf, reply, type WireRequest } from "../../../osb/memory-broker/http.ts";
import { RIGHT } from "../../toy/behaviour.ts";
import { type DataMutant, dataMutant as mutant, type Wire } from "../../toy/mutants.ts";
import { answering, isOfBinding, isProvision } from "./wires.ts";

/** The name in a context, as a text. */
function nameIn(request: WireRequest): string {
  const { context } = jsonOf(request);
  return isObject(context) && typeof context["instance_name"] === "string" ? context["instance_name"] : "";
}

/** Remembers the credentials of a binding, and still returns them when its instance is gone. */
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

/** Mistakes of brokers with their input, and with their secrets. */
export const PARAMETER_MUTANTS: readonly DataMutant[] = [
  mutant(
    ["IS-16"],
    "takes-any-parameter",
    "Parameters that no plan publishes are silently accepted.",
    { takes: () => true },
    ["IS-17", "IS-20"],
  ),
  mutant("IS-17", "syslog-leads-anywhere", "Logs are sent wherever a tenant says, even to the metadata service.", {
    takes: (parameters) => RIGHT.takes(parameters) || "syslog" in parameters,
    look: (name, instance, cloud) =>
      name === "egress" ? [JSON.stringify(instance.request["parameters"] ?? {})] : RIGHT.look(name, instance, cloud),
  }),
  mutant("IS-20", "clones-anybodys", "A provision names an instance to be cloned, and nobody asks whose it is.", {
    takes: (parameters) => RIGHT.takes(parameters) || "clone-from" in parameters,
  }),
  mutant(
    "IS-20",
    "tells-anothers-source-apart",
    "Another's source is refused differently from an unknown one.",
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
    "IS-18",
    "quote-in-a-name-breaks-it",
    "A quote in the name of an instance is answered 500.",
    {},
    [],
    answering((request) => isProvision(request) && nameIn(request).includes("'"), 500, {}),
  ),
  mutant(
    "IS-18",
    "names-are-templates",
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
  mutant("IS-19", "parameters-are-echoed", "An instance shows the parameters that it was given, including secrets.", {
    describeInstance: ({ request }) => ({ parameters: request["parameters"] ?? {} }),
  }),
  mutant("IS-23", "passwords-go-up", "Passwords are ascending numbers.", {
    mint: (_instance, _id, serial) => ({
      username: `u${serial}`,
      password: `secret-${String(serial).padStart(8, "0")}`,
    }),
  }),
  mutant("IS-23", "seed-derived-passwords", "A password is a hash of the ids of instance and binding.", {
    mint: (instance, id, serial) => ({
      username: `u${serial}`,
      password: createHash("sha256")
        .update(instance.id + id)
        .digest("hex"),
    }),
  }),
  mutant("IS-23", "passwords-are-short", "Passwords have six characters.", {
    mint: (...args) => ({ ...RIGHT.mint(...args), password: RIGHT.mint(...args).password.slice(7, 13) }),
  }),
  mutant(
    "IS-58",
    "tombstone-gives-credentials",
    "A binding is still given out when its instance is gone.",
    {},
    ["IS-06"],
    remembering(),
  ),
  mutant("IS-61", "anybodys-backup-is-a-source", "A backup is restored into any instance, whoever it belongs to.", {
    isSourceFor: (_instance, backup) => backup.state !== "deleted",
  }),
];
