import type { Operation } from "../../client/answer.ts";
import { ENDPOINTS, operationOf, type Middleware, type Mutant, mutant, pretend, rewrite, type When } from "./mutant.ts";
import { reply, type WireRequest } from "./wire.ts";

const isAnonymous: When = ({ headers }) => headers["authorization"] === undefined;

function partsOf({ headers }: WireRequest): readonly string[] {
  const encoded = /^Basic (.+)$/.exec(headers["authorization"] ?? "")?.[1] ?? "";
  return Buffer.from(encoded, "base64").toString("utf8").split(":");
}

const hasUser: When = (request) => partsOf(request)[0] === "drydock";
const hasPassword: When = (request) => partsOf(request)[1] === "conformance";
const isUnreadable: When = (request) => request.headers["authorization"] !== undefined && partsOf(request).length < 2;

/** Lets a request in as if it had the right credentials, once these have been seen. */
function admit(operations: readonly Operation[], when: When): Middleware {
  return rewrite(operations, when, (request, { authorization }) => ({
    ...request,
    headers: { ...request.headers, ...(authorization === "" ? {} : { authorization }) },
  }));
}

/** Does what an anonymous request asks for, and says 401. */
const denyTooLate =
  (operation: Operation): Middleware =>
  async (request, next, memory) => {
    if (operationOf(request) !== operation || !isAnonymous(request, memory)) return next(request);
    const { headers } = await next({
      ...request,
      headers: { ...request.headers, authorization: memory.authorization },
    });
    return { ...reply(401, { error: "Unauthorized", description: "Who are you?" }), headers };
  };

const ENFORCED = "auth-enforced-every-endpoint";
const NO_EFFECT = "auth-failure-has-no-effect";

export const authenticationMutants: readonly Mutant[] = [
  mutant("auth-tls-recommended", "It is reached without TLS, at a public name.", (request, next) => next(request), {
    url: "http://broker.example.com",
  }),
  mutant("auth-tls-must-2-14", "A broker of 2.14 is reached without TLS.", (request, next) => next(request), {
    url: "http://broker.example.com",
    minor: 14,
    also: ["auth-tls-recommended"],
  }),
  ...ENDPOINTS.map((operation) =>
    mutant(ENFORCED, `Anybody may ask for ${operation}.`, admit([operation], isAnonymous), {
      id: `open-${operation}`,
    }),
  ),
  mutant("auth-401-wrong-password", "Looks at the user alone.", admit(ENDPOINTS, hasUser)),
  mutant("auth-401-wrong-user", "Looks at the password alone.", admit(ENDPOINTS, hasPassword)),
  mutant("auth-401-wrong-password", "Looks at the user alone when it unbinds.", admit(["unbind"], hasUser), {
    id: "unbinds-for-any-password",
  }),
  mutant(
    "auth-401-malformed-header",
    "Answers 400 to credentials that it cannot read.",
    pretend(["catalog"], isUnreadable, 400),
  ),
  mutant(NO_EFFECT, "Deprovisions first and looks at the credentials then.", denyTooLate("deprovision")),
  mutant(NO_EFFECT, "Provisions first and looks at the credentials then.", denyTooLate("provision"), {
    id: "provisions-before-it-looks",
    also: ["error-4xx-no-change"],
  }),
];
