import { SESSIONS_MAX } from "../../toy/access.ts";
import { type Behaviour, RIGHT, TOY_PORT, type ToyBinding, type ToyInstance } from "../../toy/behaviour.ts";
import { isObject } from "../../../client/http/json.ts";
import { openingOnce } from "./leaks.ts";
import { type DataMutant, dataMutant as mutant } from "../../toy/mutants.ts";

/** Whether a binding was made for an application of another space. */
function isShared({ request: { space_guid: own } }: ToyInstance, { request }: ToyBinding): boolean {
  const context = request?.["context"];
  const space = isObject(context) ? context["space_guid"] : undefined;
  return space !== undefined && own !== undefined && space !== own;
}

/** How long the rule of an instance that is gone is still there, in milliseconds. */
const LATE_MS = 5000;

function revokingLate(): Partial<Behaviour> {
  const closesAt = new WeakMap<ToyInstance, () => boolean>();
  return {
    onProvision: (instance, cloud) => {
      const endMs = cloud.nowMs() + LATE_MS;
      if ([...cloud.gone.values()].some(({ host }) => host === instance.host))
        closesAt.set(instance, () => cloud.nowMs() < endMs);
    },
    reaches: (instance, port, from) =>
      RIGHT.reaches(instance, port, from) ||
      (from === "application" && port === TOY_PORT && closesAt.get(instance)?.() === true),
  };
}

/** Mistakes with shares, certificates, names, and neighbours. */
export const REACH_MUTANTS: readonly DataMutant[] = [
  mutant(
    "IS-43",
    "way-is-not-made-again",
    "A rule that could not be created counts as existing: binding an instance again succeeds, but does not admit the client.",
    openingOnce(),
  ),
  mutant("IS-21", "share-outlives-its-end", "The user of a shared binding outlives it.", {
    onUnbind: (instance, binding, cloud) => {
      RIGHT.onUnbind(instance, binding, cloud);
      if (isShared(instance, binding)) instance.users.set(binding.username, binding.password);
    },
  }),
  mutant(
    "IS-21",
    "share-opens-to-everybody",
    "A binding from another space opens its instance to every network.",
    {
      onBind: (instance, binding, cloud) => {
        RIGHT.onBind(instance, binding, cloud);
        if (isShared(instance, binding)) instance.admitted.add("outsider");
      },
    },
    ["IS-10"],
  ),
  mutant("IS-21", "end-of-a-share-shuts-the-owner-out", "The end of a share drops the users of the owner.", {
    onUnbind: (instance, binding, cloud) => {
      RIGHT.onUnbind(instance, binding, cloud);
      if (isShared(instance, binding)) instance.users.clear();
    },
  }),
  mutant("IS-29", "wildcard-certificate", "All instances show a certificate for the whole domain.", {
    certificate: (instance) => ({ ...RIGHT.certificate(instance), names: ["*.toy.test"] }),
  }),
  mutant("IS-29", "one-key-for-all-servers", "All instances show certificates of the same key.", {
    certificate: (instance) => ({ ...RIGHT.certificate(instance), key: "the-same-for-all" }),
  }),
  mutant("IS-42", "connections-are-shared", "All instances share the connections of one server.", {
    hasRoom: (_instance, { instances }) =>
      [...instances.values()].reduce((sum, { sessions }) => sum + sessions.size, 0) < SESSIONS_MAX,
  }),
  mutant(
    "IS-46",
    "address-reused-before-its-rule-is-revoked",
    "An address is given to the next instance some seconds before the rule of the last one is revoked.",
    revokingLate(),
  ),
  mutant("IS-51", "zone-is-given-out", "The name server gives out the whole zone.", { transfersZones: true }),
  mutant("IS-51", "registry-lists-names", "The registry lists the services of all.", {
    registry: ({ method }, { instances }) =>
      method === "GET"
        ? { status: 200, text: JSON.stringify([...instances.values()].map(({ host }) => host)) }
        : { status: 403, text: "Permission denied" },
  }),
  mutant(
    "IS-52",
    "unknown-names-lead-somewhere",
    "Names that nobody was given lead to a server that answers tenants.",
    {
      unknownNamesLead: true,
    },
  ),
  mutant("IS-54", "registry-takes-anybodys-names", "The registry takes registrations from a tenant's VM.", {
    registry: (request, cloud) =>
      request.method === "PUT" ? { status: 200, text: "true" } : RIGHT.registry(request, cloud),
  }),
];
