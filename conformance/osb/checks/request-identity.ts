import { type OsbCheck, review } from "../define.ts";
import { type Judge, judgeEvery } from "../judging/every-answer.ts";

const findWrongEcho: Judge = ({ request, headers }) => {
  const sent = request.headers["X-Broker-API-Request-Identity"];
  const seen = headers["x-broker-api-request-identity"];
  return seen === sent ? undefined : seen === undefined ? "no such header" : "another value";
};

/** Checks of spec.md, "Request Identity". */
export const requestIdentityChecks: readonly OsbCheck[] = [
  review({
    id: "request-identity-echoed",
    title: "Answers return the identity of the request",
    requirement: "The broker should return X-Broker-API-Request-Identity with the same value in its response.",
    run: judgeEvery(
      "the request identity in the answer",
      ({ request }) => request.headers["X-Broker-API-Request-Identity"] !== undefined,
      findWrongEcho,
      "no identity was sent",
    ),
  }),
];
