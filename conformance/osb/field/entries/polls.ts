import { reply } from "../../memory-broker/http.ts";
import { EVERYTHING, inEach } from "../broker/answers.ts";
import { catalogWith, RETRIEVABLE } from "../broker/catalog.ts";
import type { FieldBroker } from "../field-broker.ts";

const catalog = catalogWith(RETRIEVABLE);
const asynchronous = EVERYTHING;
const POLLS_OF_WORK = [
  "poll-instance: in progress",
  "poll-instance: ended",
  "poll-binding: in progress",
  "poll-binding: ended",
] as const;

/** What last_operation answers. */
export const POLLS: readonly FieldBroker[] = [
  {
    id: "unknown-is-410-in-polls",
    does: "answers 410 to the poll of an instance or binding that never existed",
    report: {
      repository: "eruvanos/openbrokerapi",
      number: 181,
      says: "last_operation can only say 410 for an instance that does not exist, never 404",
    },
    rule: "2.16, Polling Last Operation: 404 MUST be returned if what is polled does not exist.",
    behaviour: {
      catalog,
      asynchronous,
      answers: inEach(["poll-instance: unknown", "poll-binding: unknown"], { status: 410, body: {} }),
    },
    fails: ["lastop-instance-404-unknown", "lastop-binding-404-unknown"],
  },
  {
    id: "unknown-is-410-in-polls-version-unsaid",
    does: "answers 410 to the poll of an instance or binding that never existed, and nobody says which version is meant",
    report: {
      repository: "spring-cloud/spring-cloud-open-service-broker",
      number: 282,
      says: "a change that answers 410 to polls of what is missing is declined: it is for deletions that have ended",
    },
    rule: "Without a version the newest counts; what a broker does wrong does not make it an older one.",
    minor: "learnt",
    behaviour: {
      catalog,
      asynchronous,
      answers: inEach(["poll-instance: unknown", "poll-binding: unknown"], { status: 410, body: {} }),
    },
    fails: ["lastop-instance-404-unknown", "lastop-binding-404-unknown"],
  },
  {
    id: "unknown-is-410-in-polls-at-2.15",
    does: "answers 410 to the poll of an instance or binding that never existed, at a version before 404 was demanded",
    report: {
      repository: "spring-cloud/spring-cloud-open-service-broker",
      number: 279,
      says: "polls of what is missing should be answered 410, as 2.15 names nothing better",
    },
    rule: "2.15 names no status for polls of what never existed.",
    minor: 15,
    behaviour: {
      catalog,
      asynchronous,
      answers: inEach(["poll-instance: unknown", "poll-binding: unknown"], { status: 410, body: {} }),
    },
  },
  {
    id: "unknown-is-400-in-polls-at-2.15",
    does: "answers 400 to the poll of an instance that never existed, at a version before 404 was demanded",
    report: {
      repository: "spring-cloud/spring-cloud-open-service-broker",
      number: 309,
      says: "2.15 does not say how a poll of an unknown instance is answered; 400 is the best option until 2.16",
    },
    rule: "2.15 names no status for polls of what never existed.",
    minor: 15,
    behaviour: {
      catalog,
      asynchronous,
      answers: inEach(["poll-instance: unknown", "poll-binding: unknown"], {
        status: 400,
        body: { description: "Unknown id." },
      }),
    },
  },
  {
    id: "unknown-operation-is-500",
    does: "answers 500 to a poll that names an operation that it does not know",
    report: {
      repository: "eruvanos/openbrokerapi",
      number: 45,
      says: "a poll with an incorrect operation crashes the broker, which answers 500",
    },
    rule: "Service Broker Errors: a request that fails MUST be answered with an appropriate HTTP response code.",
    behaviour: {
      catalog,
      asynchronous,
      answers: inEach(["poll-instance: unknown operation", "poll-binding: unknown operation"], {
        status: 500,
        body: { description: "Key not found" },
      }),
    },
    fails: ["error-appropriate-status"],
  },
  {
    id: "polls-need-the-operation",
    does: "answers 400 to polls that leave its operation out",
    report: {
      repository: "kyma-project/control-plane",
      number: 342,
      says: "a poll without the operation of an asynchronous request is answered 400",
    },
    rule: "Polling Last Operation: the platform MUST provide the operation that it was given; 400 if mandatory data is missing.",
    behaviour: {
      catalog,
      asynchronous,
      answers: inEach([...POLLS_OF_WORK, "poll-instance: removed", "poll-binding: removed"], {
        status: 400,
        body: { description: "operation is missing" },
        when: ({ request }) => request.query["operation"] === undefined,
      }),
    },
  },
  {
    id: "status-instead-of-state",
    does: "tells in polls a status and no state",
    report: {
      repository: "cloudfoundry/servicebroker",
      number: 719,
      says: "a platform asks what to do when a broker's answer to a poll has no state",
    },
    rule: "Polling Last Operation: state is REQUIRED.",
    behaviour: {
      catalog,
      asynchronous,
      answers: inEach(POLLS_OF_WORK, { body: ({ state = "" }) => ({ status: state }) }),
    },
    fails: ["lastop-instance-state-required"],
  },
  {
    id: "pending-is-no-state",
    does: 'tells in polls the state "pending" before it begins',
    report: {
      repository: "kyma-project/control-plane",
      number: 1710,
      says: "states of the broker's own, such as pending, have to be mapped to those of the specification",
    },
    rule: "Polling Last Operation: valid values are in progress, succeeded and failed.",
    behaviour: {
      catalog,
      asynchronous: ["provision", "update", "deprovision"],
      answers: { "poll-instance: in progress": { body: { state: "pending" } } },
    },
    fails: ["lastop-instance-state-values"],
  },
  {
    id: "forgets-how-it-ended",
    does: "answers 500 to a poll after the one that said succeeded",
    report: {
      repository: "cloudfoundry/servicebroker",
      number: 359,
      says: "what is a poll answered after succeeded or failed was returned once? A platform that lost it is out of luck",
    },
    rule: "Polling Last Operation: brokers SHOULD NOT forget the state of an operation immediately.",
    behaviour: {
      catalog,
      asynchronous,
      forgets: true,
      answers: inEach(
        [
          "poll-instance: idle",
          "poll-binding: idle",
          "poll-instance: unknown operation",
          "poll-binding: unknown operation",
        ],
        {
          status: 500,
          body: { description: "no operation" },
          when: ({ thing }) => thing !== undefined && thing.work === undefined && thing.ended === undefined,
        },
      ),
    },
    warns: ["lastop-instance-state-kept", "lastop-binding-state-kept"],
  },
  {
    id: "nothing-to-poll",
    does: "does everything at once and answers 500 to last_operation",
    report: {
      repository: "spring-cloud/spring-cloud-open-service-broker",
      number: 127,
      says: "getLastOperation throws unless a broker that answers 202 implements it",
    },
    rule: "Polling Last Operation: it is for brokers that return 202.",
    behaviour: {
      catalog,
      first: ({ request }) =>
        request.path.at(-1) === "last_operation" ? reply(500, { description: "UnsupportedOperation" }) : undefined,
    },
  },
  {
    id: "polls-of-updates-name-the-old-plan",
    does: "answers 400 to polls of a plan change that name the new plan",
    report: {
      repository: "cloudfoundry/servicebroker",
      number: 396,
      says: "which plan do polls of a plan change name? The original one, for the change may fail",
    },
    rule: "Polling Last Operation: the id of the plan prior to the update MUST be used.",
    behaviour: {
      catalog,
      asynchronous,
      answers: {
        "poll-instance: in progress": {
          status: 400,
          body: { description: "another plan" },
          when: ({ request, thing }) =>
            request.query["plan_id"] !== undefined && request.query["plan_id"] !== thing?.planId,
        },
      },
    },
  },
];
