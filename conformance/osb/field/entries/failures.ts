import { reply } from "../../memory-broker/http.ts";
import { EVERYTHING } from "../broker/answers.ts";
import { catalogWith, RETRIEVABLE } from "../broker/catalog.ts";
import type { Facts } from "../broker/facts.ts";
import type { FieldBroker } from "../field-broker.ts";

const catalog = catalogWith(RETRIEVABLE);

const RULE = "Service Broker Errors: a broker may fail, and a platform may try again; no rule says how often.";

/** Whether this is one of the requests at which the broker stumbles: one in `of`. */
const isUnlucky = ({ nth }: Facts, of: number): boolean => nth % of === of - 1;

/** The page of a proxy that cannot reach the broker. */
const BAD_GATEWAY = {
  status: 502,
  headers: { "content-type": "text/html" },
  text: "<html><body><h1>502 Bad Gateway</h1></body></html>",
};

const RANDOM_502 = {
  repository: "cloudfoundry-community/terraform-provider-cloudfoundry",
  number: 533,
  says: "binds fail at random with 502 Bad Gateway, and succeed when they are triggered again",
} as const;

const SIDE_BY_SIDE = {
  repository: "cloudfoundry-community/terraform-provider-cloudfoundry",
  number: 519,
  says: "some brokers return errors to creations that are requested side by side, and accept them one after the other",
} as const;

/** What fails now and then. Whatever such a broker is asked, it is judged by what it answers otherwise. */
export const FAILURES: readonly FieldBroker[] = [
  {
    id: "proxy-is-502-now-and-then",
    does: "stands behind a proxy that answers a page, 502, to some of the requests",
    report: RANDOM_502,
    rule: RULE,
    behaviour: { catalog, beforeLogin: (facts) => (isUnlucky(facts, 13) ? BAD_GATEWAY : undefined) },
  },
  {
    id: "proxy-is-502-now-and-then-async",
    does: "takes its time, behind a proxy that answers a page, 502, to some of the requests",
    report: RANDOM_502,
    rule: RULE,
    behaviour: {
      catalog,
      asynchronous: EVERYTHING,
      beforeLogin: (facts) => (isUnlucky(facts, 13) ? BAD_GATEWAY : undefined),
    },
  },
  {
    id: "fails-now-and-then-having-done-it",
    does: "carries some of the requests out and answers them 500",
    report: SIDE_BY_SIDE,
    rule: RULE,
    behaviour: {
      catalog,
      last: (response, facts) => (isUnlucky(facts, 17) ? reply(500, { description: "Deadlock." }) : response),
    },
  },
  {
    id: "hangs-up-now-and-then",
    does: "closes the connection at some of the requests, without an answer",
    report: RANDOM_502,
    rule: RULE,
    behaviour: {
      catalog,
      beforeLogin(facts) {
        if (isUnlucky(facts, 19)) throw new Error("hangs up");
        return undefined;
      },
    },
  },
  {
    id: "missing-members-are-500-and-some-requests-502",
    does: "answers 500 to a body that lacks service_id, behind a proxy that answers some requests 502",
    report: {
      repository: "spring-cloud/spring-cloud-open-service-broker",
      number: 215,
      says: "a PUT or PATCH that lacks a mandatory field is answered with the wrong status",
    },
    rule: "400 MUST be returned if the request is missing mandatory data. What happens at random beside it hides nothing.",
    behaviour: {
      catalog,
      beforeLogin: (facts) => (isUnlucky(facts, 23) ? BAD_GATEWAY : undefined),
      first: ({ operation, body }) =>
        (operation === "provision" || operation === "bind") && body !== undefined && body["service_id"] === undefined
          ? reply(500, { description: "Cannot read properties of undefined." })
          : undefined,
    },
    fails: ["provision-missing-service-id-400", "bind-missing-service-id-400"],
  },
];
