import { isObject } from "../../../client/http/json.ts";
import { reply } from "../../memory-broker/http.ts";
import { basicHeader } from "../../../client/target.ts";
import { inEach, NOTHING_TO_DELETE } from "../broker/answers.ts";
import { LOGIN } from "../broker/broker.ts";
import { catalogWith, RETRIEVABLE } from "../broker/catalog.ts";
import type { FieldBroker } from "../field-broker.ts";

const catalog = catalogWith(RETRIEVABLE);

const EVERY_DEPROVISION = [
  "deprovision: incomplete",
  "deprovision: mismatched",
  "deprovision: bound",
  "deprovision: done",
] as const;

/** What brokers from public source did when the suite met them for the first time, and judged them wrongly. */
export const SOURCES: readonly FieldBroker[] = [
  {
    id: "context-is-a-map-of-strings",
    does: "answers 400 to a provision whose context has a member that is not a string",
    report: {
      repository: "niklas-scherer/servicebroker",
      commit: "167a740",
      says: "the context of a request is read as a map from strings to strings",
    },
    rule: "Vendor Extension Fields: fields that are not recognised MUST NOT cause the broker to halt. 2.16, profile.md: annotations are objects.",
    behaviour: {
      catalog,
      answers: {
        "provision: done": {
          status: 400,
          body: { description: "JSON parse error" },
          does: "nothing",
          when: ({ body }) => {
            const context = body?.["context"];
            return isObject(context) && Object.values(context).some((value) => typeof value !== "string");
          },
        },
      },
    },
    fails: ["vendor-request-fields-do-not-halt", "context-accepted"],
  },
  {
    id: "what-it-has-not-is-null",
    does: "has null for the members of instances that it lacks",
    report: {
      repository: "niklas-scherer/servicebroker",
      commit: "167a740",
      says: "instances are serialised with all their members, null for those without a value",
    },
    rule: "Fetching a Service Instance: dashboard_url, maintenance_info and metadata are OPTIONAL; null may stand for absence.",
    behaviour: { catalog, instance: () => ({ dashboard_url: null, maintenance_info: null, metadata: null }) },
  },
  {
    id: "serves-its-catalog-alone",
    does: "answers 404 to everything but the catalog",
    report: {
      repository: "loganmzz/rust-openservicebrokerapi",
      commit: "9aacb60",
      says: "the example's only route is the catalog",
    },
    rule: "Provisioning, Deprovisioning, Unbinding: a plan that is offered can be provisioned; what does not exist is answered 410.",
    behaviour: {
      catalog: catalogWith(),
      first: ({ operation }) => (operation === "catalog" ? undefined : reply(404, {})),
    },
    fails: ["provision-creates-resource", "deprovision-410-unknown", "unbind-410-unknown-instance"],
  },
  {
    id: "polls-are-null",
    does: "answers 200 null to every poll of an instance",
    report: {
      repository: "pmorie/osb-starter-pack",
      commit: "79cba22",
      says: "LastOperation returns nothing, which is serialised as null",
    },
    rule: "Polling Last Operation: the body MUST be a JSON object with a state; 404 MUST be returned if what is polled does not exist.",
    behaviour: {
      catalog,
      asynchronous: ["provision"],
      takes: { seconds: 0 },
      answers: inEach(["poll-instance: in progress", "poll-instance: ended", "poll-instance: unknown"], {
        status: 200,
        text: "null",
      }),
    },
    fails: ["broker-well-formed-success-bodies", "lastop-instance-404-unknown"],
  },
  {
    id: "fetches-are-501",
    does: "answers 501 to fetches of instances, which its catalog offers, with an empty description",
    report: {
      repository: "grimmpp/cloudFoundryServiceBroker",
      commit: "18d18ae",
      says: "the catalog says that instances are retrievable, and nothing answers GET",
    },
    rule: "Fetching a Service Instance: with instances_retrievable the endpoint MUST be supported; a description MUST NOT be empty.",
    behaviour: {
      catalog,
      answers: inEach(
        ["fetch-instance: unknown", "fetch-instance: being made", "fetch-instance: updating", "fetch-instance: found"],
        { status: 501, body: { description: "" } },
      ),
    },
    fails: ["fetch-instance-supported", "error-description-nonempty"],
  },
  {
    id: "guards-its-catalog-alone",
    does: "asks for credentials at its catalog alone, and answers 404 to DELETE of what is not there",
    report: {
      repository: "tpbrisco/cf-broker",
      commit: "40cb103",
      says: "only the route of the catalog is wrapped in the check of the login",
    },
    rule: "Authentication: every endpoint checks the credentials. Deprovisioning and Unbinding: 410 MUST be returned if there is no such thing.",
    behaviour: {
      catalog,
      trusts: true,
      beforeLogin: ({ request, operation }) =>
        operation === "catalog" && request.headers["authorization"] !== basicHeader(LOGIN.username, LOGIN.password)
          ? reply(401, {})
          : undefined,
      answers: inEach(NOTHING_TO_DELETE, { status: 404, body: { description: "Not found." } }),
    },
    fails: ["auth-enforced-every-endpoint", "deprovision-410-unknown", "unbind-410-unknown"],
  },
  {
    id: "nothing-to-delete-is-no-answer",
    does: "never answers a DELETE of what is not there, and answers 200 to a new binding",
    report: {
      repository: "mattmcneeney/cf-broker",
      commit: "b37770a",
      says: "the deletion of an instance that is not found throws where nobody catches it, so that no answer is sent",
    },
    rule: "Binding: 201 MUST be returned if the binding was created. Deletions: 410 MUST be returned for what does not exist, so no answer is a wrong one.",
    behaviour: {
      catalog,
      answers: { ...inEach(NOTHING_TO_DELETE, { hangsUp: true }), "bind: done": { status: 200 } },
    },
    fails: ["deprovision-410-unknown", "bind-201", "unbind-410-unknown"],
    leavesBehind: true,
  },
  {
    id: "every-deprovision-is-410",
    does: "answers 410 to every DELETE of an instance, and deletes none",
    report: {
      repository: "KumareshBabuNS/MapServiceBrokerForCloudFoundry",
      commit: "e346698",
      says: "the instance to delete is looked for among the offerings, where it never is",
    },
    rule: "Deprovisioning: 200 MUST be returned if the instance was deleted; 410 if it does not exist. It does.",
    behaviour: {
      answers: inEach(EVERY_DEPROVISION, { status: 410, body: {}, does: "nothing" }),
    },
    fails: ["deprovision-deletes-resources"],
  },
];
