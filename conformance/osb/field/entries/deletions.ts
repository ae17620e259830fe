import { EVERYTHING, inEach, NOTHING_TO_DELETE } from "../broker/answers.ts";
import { catalogWith, RETRIEVABLE } from "../broker/catalog.ts";
import type { FieldBroker } from "../field-broker.ts";

const catalog = catalogWith(RETRIEVABLE);

/** What never existed and what is gone are one case of the rule: the checks of the latter follow from those of the former. */
const NOT_410 = ["deprovision-410-unknown", "unbind-410-unknown"];
const GONE_IS_410 = "Deprovisioning and Unbinding: 410 MUST be returned if the instance or the binding does not exist.";
const MANDATORY_IDS = "Deprovisioning and Unbinding: 400 MUST be returned if service_id or plan_id is missing.";

/** What is answered to DELETE. */
export const DELETIONS: readonly FieldBroker[] = [
  {
    id: "every-delete-is-200",
    does: "answers 200 {} to every DELETE, even of what never existed",
    report: {
      repository: "kyma-project/control-plane",
      number: 342,
      says: "a deprovision of an instance that does not exist is answered 200 with an empty object",
    },
    rule: GONE_IS_410,
    behaviour: { catalog, answers: inEach(NOTHING_TO_DELETE, { status: 200, body: {} }) },
    fails: NOT_410,
  },
  {
    id: "every-delete-is-200-unfetchable",
    does: "answers 200 {} to every DELETE, and offers no GET",
    report: {
      repository: "awslabs/aws-servicebroker",
      number: 45,
      says: "a deprovision of an instance that does not exist was answered 200 instead of 410",
    },
    rule: GONE_IS_410,
    behaviour: { answers: inEach(NOTHING_TO_DELETE, { status: 200, body: {} }) },
    fails: NOT_410,
  },
  {
    id: "every-delete-is-200-at-2.13",
    does: "answers 200 {} to every DELETE, at a version without GET",
    report: {
      repository: "thecodeteam/ecs-cf-service-broker",
      number: 208,
      says: "an unbind whose record is missing is answered 200, as is a deprovision",
    },
    rule: GONE_IS_410,
    minor: 13,
    behaviour: { answers: inEach(NOTHING_TO_DELETE, { status: 200, body: {} }) },
    fails: NOT_410,
  },
  {
    id: "nothing-to-delete-is-404",
    does: "answers 404 to DELETE of what is not there",
    report: {
      repository: "swisscom/open-service-broker",
      number: 92,
      says: "deprovision and unbind of what cannot be found are answered 404, which leads platforms into an error",
    },
    rule: GONE_IS_410,
    behaviour: { catalog, answers: inEach(NOTHING_TO_DELETE, { status: 404, body: { description: "Not found." } }) },
    fails: NOT_410,
  },
  {
    id: "unbind-of-nothing-is-500",
    does: "answers 500 to an unbind of a binding that is not there",
    report: {
      repository: "Azure/meta-azure-service-broker",
      number: 191,
      says: "an unbind of a binding that does not exist was answered 500, so that unbinds that timed out fail for ever",
    },
    rule: GONE_IS_410,
    behaviour: {
      catalog,
      answers: inEach(["unbind: never was", "unbind: gone"], { status: 500, body: { description: "No record." } }),
    },
    fails: ["unbind-410-unknown"],
  },
  {
    id: "refuses-to-delete-the-bound",
    does: "refuses to delete an instance that is still bound",
    report: {
      repository: "cloudfoundry/servicebroker",
      number: 314,
      says: "what a broker does with a deprovision while there are bindings is left to it",
    },
    rule: "Deprovisioning: this specification does not specify what a broker is to do while there are bindings.",
    behaviour: { catalog, notices: ["deprovision: bound"] },
  },
  {
    id: "ids-cannot-be-used-again",
    does: "answers 409 to a provision under the id of an instance that was deleted",
    report: {
      repository: "awslabs/aws-servicebroker",
      number: 44,
      says: "a provision with the id of a deprovisioned instance fails, because its item stays in the metadata table",
    },
    rule: "Provisioning: platforms SHOULD NOT reuse ids, since brokers might not support this.",
    behaviour: {
      catalog,
      answers: {
        "provision: done": { status: 409, body: {}, does: "nothing", when: ({ thing }) => thing?.state === "gone" },
      },
    },
  },
  {
    id: "deletion-ends-in-404",
    does: "answers 404 to the poll of an instance whose deletion has ended",
    report: {
      repository: "cloudfoundry/brokerapi",
      number: 41,
      says: "last_operation of an instance that is gone is answered 404, not 410",
    },
    rule: "Polling Last Operation: 404 MUST be returned if the instance does not exist; 410 is appropriate after a deletion. Both are.",
    behaviour: {
      catalog,
      asynchronous: EVERYTHING,
      answers: inEach(["poll-instance: removed", "poll-binding: removed"], {
        status: 404,
        body: { description: "Gone." },
      }),
    },
  },
  {
    id: "deletion-ends-in-succeeded",
    does: "answers 200 succeeded to the poll of an instance whose deletion has ended",
    report: {
      repository: "cloudfoundry/brokerapi",
      number: 50,
      says: "last_operation cannot say 410 after a deletion; 200 succeeded is fine too",
    },
    rule: "Polling Last Operation: 200 MUST be returned upon successful processing; 410 is appropriate, not demanded.",
    behaviour: {
      catalog,
      asynchronous: EVERYTHING,
      answers: inEach(["poll-instance: removed", "poll-binding: removed"], {
        status: 200,
        body: { state: "succeeded" },
      }),
    },
  },
  {
    id: "fetches-what-was-deleted",
    does: "goes on answering GET of a deleted instance as if it existed",
    report: {
      repository: "swisscom/open-service-broker",
      number: 265,
      says: "fetching a deleted instance still returns what is known of it",
    },
    rule: "Fetching a Service Instance: 404 MUST be returned if the instance does not exist. The instance itself is gone, as 410 shows.",
    behaviour: {
      catalog,
      answers: {
        "fetch-instance: unknown": {
          status: 200,
          body: (_, { thing }) => ({
            service_id: thing?.serviceId ?? "",
            plan_id: thing?.planId ?? "",
            parameters: {},
          }),
          when: ({ thing }) => thing?.state === "gone",
        },
      },
    },
    fails: ["fetch-instance-404-after-delete"],
  },
  {
    id: "delete-without-ids-is-500",
    does: "answers 500 to DELETE without service_id or plan_id",
    report: {
      repository: "spring-cloud/spring-cloud-open-service-broker",
      number: 215,
      says: "a DELETE that lacks a mandatory query parameter is answered 500, a PUT or PATCH 422",
    },
    rule: MANDATORY_IDS,
    behaviour: {
      catalog,
      answers: inEach(["deprovision: incomplete", "unbind: incomplete"], {
        status: 500,
        body: { description: "MissingServletRequestParameter" },
      }),
    },
    fails: [
      "deprovision-missing-service-id-400",
      "deprovision-missing-plan-id-400",
      "unbind-missing-service-id-400",
      "unbind-missing-plan-id-400",
    ],
  },
  {
    id: "delete-needs-no-ids",
    does: "deletes without service_id and plan_id",
    report: {
      repository: "spring-cloud/spring-cloud-open-service-broker",
      number: 235,
      says: "service_id or plan_id may be left out of some operations",
    },
    rule: MANDATORY_IDS,
    behaviour: {
      catalog,
      overlooks: ["deprovision: incomplete", "unbind: incomplete", "deprovision: mismatched", "unbind: mismatched"],
    },
    fails: [
      "deprovision-missing-service-id-400",
      "deprovision-missing-plan-id-400",
      "unbind-missing-service-id-400",
      "unbind-missing-plan-id-400",
    ],
  },
  {
    id: "unbind-says-successful",
    does: 'answers an unbind 200 {"operation": "successful"}',
    report: {
      repository: "openshift/ansible-service-broker",
      number: 172,
      says: 'the review objects to an unbind that is answered {"operation": "successful"}',
    },
    rule: "Unbinding: the expected body of a 200 is {}; with one more member it is still a JSON object, and operation is a member of this body.",
    behaviour: { catalog, answers: { "unbind: done": { body: { operation: "successful" } } } },
  },
  {
    id: "unbind-again-names-no-operation",
    does: "answers an unbind that is sent again 202 without the operation",
    report: {
      repository: "openshift/ansible-service-broker",
      number: 824,
      says: "an unbind in progress has to return its token",
    },
    rule: "Unbinding: the operation string of a 202 MUST match that returned for the original request.",
    behaviour: { catalog, asynchronous: EVERYTHING, answers: { "unbind: again in progress": { body: {} } } },
    fails: ["unbind-resent-same-operation"],
  },
  {
    id: "deletion-leaves-no-body",
    does: "answers a deletion 200 with no body at all",
    report: {
      repository: "cloudfoundry/osb-checker",
      number: 14,
      says: "sending a bare status made the mock broker violate the specification, which wants an empty object",
    },
    rule: "Deprovisioning and Unbinding: the expected response body of a 200 is {}.",
    behaviour: { catalog, answers: inEach(["deprovision: done", "unbind: done"], { text: "" }) },
    warns: ["deprovision-200-body", "unbind-200-body"],
  },
];
