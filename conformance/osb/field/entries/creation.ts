import { hasParameters, inEach } from "../broker/answers.ts";
import { catalogWith, RETRIEVABLE, SCHEMAS } from "../broker/catalog.ts";
import type { FieldBroker } from "../field-broker.ts";

const catalog = catalogWith(RETRIEVABLE);

const CONFLICT_IS_409 = "Provisioning and Binding: 409 MUST be returned if the id is used with different attributes.";
const MANDATORY_MEMBERS = "400 MUST be returned if the request is malformed or missing mandatory data.";

/** What is answered to PUT of instances and bindings. */
export const CREATION: readonly FieldBroker[] = [
  {
    id: "created-is-200",
    does: "answers every provision and bind 200, never 201",
    report: {
      repository: "cloudfoundry-community/cf-java-component",
      number: 5,
      says: "the handler only ever returns 200, where 201 is wanted for what was created",
    },
    rule: "Provisioning and Binding: 201 MUST be returned if it was created as a result of this request.",
    behaviour: { catalog, answers: inEach(["provision: done", "bind: done"], { status: 200 }) },
    fails: ["provision-201", "bind-201"],
  },
  {
    id: "bindings-do-not-conflict",
    does: "answers 200 to a bind with other parameters under a used id",
    report: {
      repository: "spring-cloud/spring-cloud-open-service-broker",
      number: 321,
      says: "a binding that exists is answered 200, although its parameters differ",
    },
    rule: CONFLICT_IS_409,
    behaviour: { catalog, overlooks: ["bind: conflict"] },
    fails: ["bind-conflict-409"],
  },
  {
    id: "instances-conflict-by-plan-only",
    does: "answers 200 to a provision with other parameters under a used id, and takes any parameters",
    report: {
      repository: "cloudfoundry/servicebroker",
      number: 505,
      says: "a broker's author wants to answer 200 for an instance that exists without taking parameters into account",
    },
    rule: CONFLICT_IS_409,
    behaviour: {
      catalog,
      answers: {
        "provision: conflict": { status: 200, body: {}, when: ({ thing, named }) => thing?.planId === named.plan },
      },
    },
    fails: ["provision-conflict-409"],
  },
  {
    id: "instances-do-not-conflict",
    does: "answers 200 to a provision of another plan under a used id",
    report: {
      repository: "cloudfoundry/servicebroker",
      number: 505,
      says: "comparing a request with the instance that exists is a pain that brokers would like to be spared",
    },
    rule: CONFLICT_IS_409,
    behaviour: {
      catalog: catalogWith({ ...RETRIEVABLE, plan: { schemas: SCHEMAS } }),
      overlooks: ["provision: conflict"],
    },
    fails: ["provision-conflict-409"],
  },
  {
    id: "conflict-has-an-empty-body",
    does: "answers a conflict with 409 {} and nothing else",
    report: {
      repository: "cloudfoundry/brokerapi",
      number: 19,
      says: "an instance that exists already is answered 409 with an empty object, unlike other errors",
    },
    rule: "Service Broker Errors: error and description are defined, not demanded.",
    behaviour: { catalog, answers: inEach(["provision: conflict", "bind: conflict"], { body: {} }) },
  },
  {
    id: "repeats-are-409",
    does: "answers 409 to the same provision or bind sent again",
    report: {
      repository: "cloudfoundry/brokerapi",
      number: 69,
      says: "there is no way to answer 200 for what exists; the on-demand broker returns an error instead",
    },
    rule: "Provisioning and Binding: 200 SHOULD be returned if it exists and is identical.",
    behaviour: { catalog, answers: inEach(["provision: again", "bind: again"], { status: 409, body: {} }) },
    warns: ["provision-identical-200", "bind-identical-200"],
  },
  {
    id: "repeats-are-409-at-2.13",
    does: "answers 409 to the same provision or bind sent again, at a version that forbade it",
    report: {
      repository: "spring-cloud/spring-cloud-open-service-broker",
      number: 5,
      says: "a provision or bind of what exists is answered 409 where 200 is possible",
    },
    rule: "2.13, Provisioning and Binding: 200 MUST be returned if it exists and is identical.",
    minor: 13,
    behaviour: { answers: inEach(["provision: again", "bind: again"], { status: 409, body: {} }) },
    fails: ["provision-identical-200-2-12", "bind-identical-200-2-12"],
  },
  {
    id: "bind-again-is-500",
    does: "answers 500 to the same bind sent again",
    report: {
      repository: "cloudfoundry-community/cf-mysql-java-broker",
      number: 4,
      says: "a second PUT of the same binding errors out, because the password is not kept",
    },
    rule: "Binding: 200 SHOULD be returned if the binding exists and the parameters are identical.",
    behaviour: { catalog, answers: { "bind: again": { status: 500, body: { description: "CREATE USER failed" } } } },
    warns: ["bind-identical-200"],
  },
  {
    id: "missing-members-are-422",
    does: "answers 422 to a body that lacks service_id or plan_id",
    report: {
      repository: "spring-cloud/spring-cloud-open-service-broker",
      number: 215,
      says: "a PUT or PATCH that lacks a mandatory field is answered 422",
    },
    rule: MANDATORY_MEMBERS,
    behaviour: {
      catalog,
      answers: inEach(["provision: incomplete", "update: incomplete", "bind: incomplete"], {
        status: 422,
        body: { description: "Missing required fields." },
      }),
    },
    fails: [
      "provision-missing-service-id-400",
      "provision-missing-plan-id-400",
      "update-missing-service-id-400",
      "bind-missing-service-id-400",
      "bind-missing-plan-id-400",
    ],
  },
  {
    id: "missing-members-are-500",
    does: "answers 500 to a provision or bind that lacks service_id or plan_id",
    report: {
      repository: "swisscom/open-service-broker",
      number: 79,
      says: "provision and bind without plan_id or service_id are answered 500 instead of 400",
    },
    rule: MANDATORY_MEMBERS,
    behaviour: {
      catalog,
      answers: inEach(["provision: incomplete", "bind: incomplete"], { status: 500, body: { description: "null" } }),
    },
    fails: [
      "provision-missing-service-id-400",
      "provision-missing-plan-id-400",
      "bind-missing-service-id-400",
      "bind-missing-plan-id-400",
    ],
  },
  {
    id: "unreadable-bodies-are-500",
    does: "answers 500 to a body that is empty or cannot be parsed",
    report: {
      repository: "spring-cloud/spring-cloud-open-service-broker",
      number: 333,
      says: "an empty body ended in the generic handler, which answers 500",
    },
    rule: MANDATORY_MEMBERS,
    behaviour: {
      catalog,
      answers: inEach(["provision: malformed", "bind: malformed", "update: malformed"], {
        status: 500,
        body: { description: "Required request body is missing" },
        when: ({ body }) => body === undefined,
      }),
    },
    fails: ["provision-malformed-body-400", "bind-malformed-400", "update-malformed-400"],
  },
  {
    id: "unknown-plan-is-500",
    does: "answers 500 to a provision of a plan that it does not have",
    report: {
      repository: "cloudfoundry/app-autoscaler-release",
      number: 838,
      says: "an unknown plan is answered 500, though it is not a server error",
    },
    rule: "Service Broker Errors: a request that fails MUST be answered with an appropriate HTTP response code.",
    behaviour: {
      catalog,
      answers: { "provision: unknown plan": { status: 500, body: { description: "unknown plan id" } } },
    },
    fails: ["error-appropriate-status"],
  },
  {
    id: "bind-to-nothing-is-502",
    does: "panics over a bind to an instance that it does not know, which the router shows as a 502",
    report: {
      repository: "openshift/ansible-service-broker",
      number: 652,
      says: "a bind to an instance that does not exist makes the broker panic and return 502",
    },
    rule: "Service Broker Errors: a request that fails MUST be answered with an appropriate HTTP response code.",
    behaviour: {
      catalog,
      answers: {
        "bind: unknown instance": {
          status: 502,
          text: "<h1>502 Bad Gateway</h1>",
          headers: { "content-type": "text/html" },
        },
      },
    },
    fails: ["bind-unknown-instance"],
  },
  {
    id: "is-full-after-two",
    does: "has room for two instances and says so with a 500",
    report: {
      repository: "cloudfoundry/brokerapi",
      number: 19,
      says: "reaching the instance limit is answered 500 with its description",
    },
    rule: "A limit is the operator's. No rule says how it is answered.",
    behaviour: { catalog, room: 2, answers: { "provision: full": { status: 500 } } },
  },
  {
    id: "knows-its-parameters-without-a-schema",
    does: "publishes no schema and refuses every parameter",
    report: {
      repository: "cloudfoundry/cloud-service-broker",
      number: 359,
      says: "unknown parameters of a bind are now refused",
    },
    rule: "Provisioning and Binding: brokers SHOULD ensure that the client has provided valid parameters.",
    behaviour: {
      catalog,
      answers: inEach(["provision: done", "bind: done", "update: done", "provision: conflict", "bind: conflict"], {
        status: 400,
        body: { description: "additional properties are not allowed" },
        does: "nothing",
        when: hasParameters,
      }),
    },
  },
];
