import { reply } from "../../memory-broker/http.ts";
import { BUSY, EVERYTHING, inEach, NEEDS_ASYNC } from "../broker/answers.ts";
import { catalogWith, RETRIEVABLE } from "../broker/catalog.ts";
import type { FieldBroker } from "../field-broker.ts";

const catalog = catalogWith(RETRIEVABLE);
const asynchronous = EVERYTHING;

/** Work that takes time, and requests that arrive meanwhile. */
export const OPERATIONS: readonly FieldBroker[] = [
  {
    id: "never-ends",
    does: "has operations that stay in progress for ever",
    report: {
      repository: "vmware-archive/kibosh",
      number: 30,
      says: "instances get stuck in creation with no way to stop or delete them",
    },
    rule: "Polling Interval and Duration: the plan and the platform say how long; no plan here does.",
    behaviour: { catalog, asynchronous, takes: "for ever" },
    leavesBehind: true,
  },
  {
    id: "never-ends-and-missing-members-are-422",
    does: "has operations that stay in progress for ever, and answers 422 to a body that lacks service_id or plan_id",
    report: {
      repository: "spring-cloud/spring-cloud-open-service-broker",
      number: 215,
      says: "a PUT or PATCH that lacks a mandatory field is answered 422",
    },
    rule: "400 MUST be returned if the request is missing mandatory data. This goes for a provision, which needs no finished instance; updates and binds may be refused as too early.",
    behaviour: {
      catalog,
      asynchronous,
      takes: "for ever",
      answers: inEach(["provision: incomplete", "update: incomplete", "bind: incomplete"], {
        status: 422,
        body: { description: "Missing required fields." },
      }),
    },
    leavesBehind: true,
    fails: ["provision-missing-service-id-400", "provision-missing-plan-id-400"],
  },
  {
    id: "asks-for-asynchrony-without-code",
    does: "answers 422 without AsyncRequired when accepts_incomplete is missing",
    report: {
      repository: "cloudfoundry/service-fabrik-broker",
      number: 225,
      says: "the 422 for a missing accepts_incomplete came without AsyncRequired",
    },
    rule: "422 MUST contain the error code AsyncRequired.",
    behaviour: {
      catalog,
      asynchronous,
      answers: inEach(NEEDS_ASYNC, { body: { description: "UnprocessableEntity" } }),
    },
    fails: [
      "provision-422-async-error-code",
      "update-422-async-error-code",
      "deprovision-422-async-error-code",
      "bind-422-async-error-code",
      "unbind-422-async-error-code",
    ],
  },
  {
    id: "bind-cannot-ask-for-asynchrony",
    does: "answers 500 to a bind without accepts_incomplete",
    report: {
      repository: "eruvanos/openbrokerapi",
      number: 467,
      says: "a bind that can only be asynchronous has no way to answer 422 AsyncRequired",
    },
    rule: "Binding: 422 MUST be returned if bindings are asynchronous only and accepts_incomplete=true is missing.",
    behaviour: {
      catalog,
      asynchronous,
      answers: { "bind: needs async": { status: 500, body: { description: "ErrAsyncRequired" } } },
    },
    fails: ["bind-accepts-incomplete-422"],
  },
  {
    id: "provision-again-is-200-in-progress",
    does: "answers 200 to a provision that is sent again while it is in progress",
    report: {
      repository: "openshift/ansible-service-broker",
      number: 498,
      says: "a second provision was answered 200 without looking at jobs in progress",
    },
    rule: "Provisioning: a re-sent PUT MUST return 202, not 200, if the instance is not yet fully provisioned.",
    behaviour: { catalog, asynchronous, answers: { "provision: again in progress": { status: 200, body: {} } } },
    fails: ["provision-resent-while-in-progress-202"],
  },
  {
    id: "provision-again-is-404-in-progress",
    does: "answers 404 to a provision that is sent again while it is in progress",
    report: {
      repository: "spring-cloud/spring-cloud-open-service-broker",
      number: 244,
      says: "a PUT with the id of an instance that is being provisioned is answered 404 instead of 202",
    },
    rule: "Provisioning: a re-sent PUT MUST return 202 if the instance is not yet fully provisioned.",
    behaviour: {
      catalog,
      asynchronous,
      answers: { "provision: again in progress": { status: 404, body: { description: "operation in progress" } } },
    },
    fails: ["provision-resent-while-in-progress-202"],
  },
  {
    id: "busy-is-500",
    does: "answers 500 to an update or a deprovision while the instance is being created",
    report: {
      repository: "huaweicloud/huaweicloud-service-broker",
      number: 53,
      says: "an update or a deletion during an asynchronous provision is answered 500 instead of 422",
    },
    rule: "Blocking Operations: a request that cannot be processed because of concurrency MUST be rejected with 422.",
    behaviour: {
      catalog,
      asynchronous,
      answers: inEach(["update: busy", "deprovision: busy"], { status: 500, body: { description: "in progress" } }),
    },
    fails: ["concurrency-422", "deprovision-busy-422"],
  },
  {
    id: "busy-is-500-and-one-poll-ends-it",
    does: "answers 500 to an update or a deprovision meanwhile, and the first poll ends what is in progress",
    report: {
      repository: "huaweicloud/huaweicloud-service-broker",
      number: 53,
      says: "an update or a deletion during an asynchronous provision is answered 500 instead of 422",
    },
    rule: "Blocking Operations: 422. In progress or not, a sound request is not answered 5xx.",
    behaviour: {
      catalog,
      asynchronous,
      takes: { polls: 1 },
      answers: inEach(["update: busy", "deprovision: busy"], { status: 500, body: { description: "in progress" } }),
    },
    fails: ["concurrency-422", "deprovision-busy-422"],
  },
  {
    id: "busy-is-404",
    does: "answers 404 to whatever comes while the instance is busy",
    report: {
      repository: "spring-cloud/spring-cloud-open-service-broker",
      number: 480,
      says: "an operation in progress was mapped to 404, an instance that does not exist to 422",
    },
    rule: "Blocking Operations: a request that cannot be processed because of concurrency MUST be rejected with 422.",
    behaviour: { catalog, asynchronous, answers: inEach(BUSY, { status: 404, body: { description: "in progress" } }) },
    fails: ["concurrency-422", "deprovision-busy-422", "unbind-busy-422"],
  },
  {
    id: "no-asynchronous-bindings-at-2.13",
    does: "refuses accepts_incomplete in binds and unbinds, at a version that has none there",
    report: {
      repository: "cloudfoundry/osb-checker",
      number: 4,
      says: "up to 2.13 asynchronous operations are for instances only: accepts_incomplete has no place in a bind",
    },
    rule: "2.13, Binding: there is no such parameter, and no platform sends it.",
    minor: 13,
    behaviour: {
      asynchronous: ["provision", "update", "deprovision"],
      first: ({ request, operation }) =>
        (operation === "bind" || operation === "unbind") && request.query["accepts_incomplete"] !== undefined
          ? reply(400, { description: "unknown parameter accepts_incomplete" })
          : undefined,
    },
  },
  {
    id: "binds-by-the-version-of-the-request",
    does: "binds asynchronously for platforms of 2.14 and later, at once for older ones",
    report: {
      repository: "cloudfoundry/service-fabrik-broker",
      number: 1239,
      says: "what came with 2.14 is served to requests that name at least 2.14",
    },
    rule: "2.13 knows no asynchronous binding. A platform that names a later version sends accepts_incomplete, or gets 422 AsyncRequired.",
    minor: 13,
    behaviour: { asynchronous },
  },
  {
    id: "in-progress-is-200",
    does: "answers 200 with an operation, which is in progress, to whatever takes time",
    report: {
      repository: "cloudfoundry/servicebroker",
      number: 709,
      says: "asks what a 200 means during a provision: there seem to be two ways to see whether it is done",
    },
    rule: "202 MUST be returned if the operation is in progress; 200 and 201 say that it is done.",
    behaviour: {
      catalog,
      asynchronous: EVERYTHING,
      last: (response) => (response.status === 202 ? { ...response, status: 200 } : response),
    },
    fails: ["provision-201", "update-200", "deprovision-200", "bind-201", "unbind-200"],
  },
];
