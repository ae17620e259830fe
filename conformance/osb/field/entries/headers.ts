import { reply } from "../../memory-broker/http.ts";
import { inEach } from "../broker/answers.ts";
import { catalogWith, RETRIEVABLE } from "../broker/catalog.ts";
import type { FieldBroker } from "../field-broker.ts";

const catalog = catalogWith(RETRIEVABLE);
const AUTHENTICATION = "Authentication: 401 MUST be returned if the authentication fails.";

/** Logins, versions, identities. */
export const HEADERS: readonly FieldBroker[] = [
  {
    id: "wrong-logins-are-403",
    does: "answers 403 to a wrong user or password",
    report: {
      repository: "Azure/open-service-broker-azure",
      number: 84,
      says: "bad credentials are answered 403, which does not comply",
    },
    rule: AUTHENTICATION,
    behaviour: {
      catalog,
      beforeLogin: ({ request }) => {
        const given = /^Basic (.+)$/.exec(request.headers["authorization"] ?? "")?.[1];
        const login = given === undefined ? "" : Buffer.from(given, "base64").toString();
        const isRead = /^[\w-]+:[\w-]+$/.test(login);
        return isRead && login !== "drydock:conformance" ? reply(403, { description: "Forbidden" }) : undefined;
      },
    },
    fails: ["auth-401-wrong-password"],
  },
  {
    id: "asks-nobody-who-they-are",
    does: "serves everybody",
    report: {
      repository: "cloudfoundry-community/worlds-simplest-service-broker",
      number: 11,
      says: "without authentication anybody can fetch credentials with one PUT",
    },
    rule: AUTHENTICATION,
    behaviour: { catalog, trusts: true },
    fails: ["auth-enforced-every-endpoint"],
  },
  {
    id: "no-version-is-412",
    does: "answers 412 to a request that names no version",
    report: {
      repository: "spring-cloud/spring-cloud-open-service-broker",
      number: 217,
      says: "a request without the version header is answered 412",
    },
    rule: "API Version Header: the broker MAY reject with 400; 412 is for versions that it does not support.",
    behaviour: {
      catalog,
      beforeLogin: ({ request }) =>
        request.headers["x-broker-api-version"] === undefined && request.headers["authorization"] !== undefined
          ? reply(412, { description: "Name a version from 2.11 to 2.17." })
          : undefined,
    },
  },
  {
    id: "serves-whoever-names-no-version",
    does: "serves requests that name no version",
    report: {
      repository: "cloudfoundry/servicebroker",
      number: 736,
      says: "the version header is not demanded by a library, although it must be in the request",
    },
    rule: "API Version Header: the broker MAY reject; it need not.",
    behaviour: { catalog, assumesVersion: true },
  },
  {
    id: "takes-one-version-only",
    does: "answers 412 to every version but 2.13",
    report: {
      repository: "spring-cloud/spring-cloud-open-service-broker",
      number: 2,
      says: "the current version of the API is required of every request by default",
    },
    rule: "API Version Header: the broker MAY reject versions with 412 and a message that names the version to use.",
    minor: 13,
    behaviour: {
      first: ({ request }) => {
        const isOther = request.headers["x-broker-api-version"] !== "2.13";
        return isOther ? reply(412, { description: "Expected version 2.13." }) : undefined;
      },
    },
  },
  {
    id: "demands-an-originating-identity",
    does: "answers 500 to provisions and binds without an originating identity",
    report: {
      repository: "pmorie/osb-broker-lib",
      number: 25,
      says: "requests failed without an originating identity, which platforms are not guaranteed to send",
    },
    rule: "Originating Identity: platforms MAY support this feature.",
    behaviour: {
      catalog,
      answers: inEach(["provision: done", "bind: done"], {
        status: 500,
        body: { description: "unable to find originating identity" },
        does: "nothing",
        when: ({ request }) => request.headers["x-broker-api-originating-identity"] === undefined,
      }),
    },
    fails: ["provision-creates-resource"],
  },
  {
    id: "keeps-the-request-identity",
    does: "does not return the identity of a request",
    report: {
      repository: "spring-cloud/spring-cloud-open-service-broker",
      number: 260,
      says: "the broker returns the request identity from now on",
    },
    rule: "Request Identity: the broker SHOULD include this header in the response.",
    behaviour: {
      catalog,
      last: ({ status, headers, text }) => {
        const { "x-broker-api-request-identity": _, ...rest } = headers;
        return { status, headers: rest, text };
      },
    },
    warns: ["request-identity-echoed"],
  },
];
