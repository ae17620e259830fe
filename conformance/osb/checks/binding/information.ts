import { isArray, isObject, type Json, type JsonObject, sameJson } from "../../../client/http/json.ts";
import { bodyOf } from "../../../client/http/observation.ts";
import { requires } from "../../../client/catalog.ts";
import { fail, followsFrom, notApplicable, type Outcome, pass, warn } from "../../../runner/check.ts";
import type { OsbContext } from "../../context.ts";
import { type OsbCheck, probe } from "../../define.ts";
import { bindingAnswers, INFORMATION, isCredentialService, isDone, isPresent } from "../../judging/binding-answers.ts";
import { judgeLifecycles } from "../../judging/lifecycles.ts";
import { judgeBadEnd } from "../../model/stages.ts";
import { BINDABLE } from "../../plan-requirements.ts";
import { leftBy, type Lifecycle } from "../../sequences/lifecycles.ts";

/** What a lifecycle has to have reached, and why a check does not apply to one that has. */
const BOUND = {
  stage: "bind",
  unmet: "it is about bindings with credentials, and no bind of this run returned any",
  plan: BINDABLE,
} as const;

function judgeReturnedCredentials(lifecycle: Lifecycle): Outcome | undefined {
  const [ended] = lifecycle.binds;
  const bind = ended?.answer;
  if (!isCredentialService(lifecycle) || bind === undefined || !isDone(bind)) return undefined;
  if (isPresent(bodyOf(bind)["credentials"])) return pass(bind);
  if (ended !== undefined && ended.polls.length > 0)
    return followsFrom("bind-201", `a bind in progress is answered ${bind.status}`, bind, ...ended.polls.slice(0, 1));
  return fail("credentials in the answer of a finished bind", "none", bind);
}

/** From 2.14 a binding without any information is the finding of `bind-info-returned-once`. */
const judgeCredentials =
  ({ minor }: OsbContext) =>
  (lifecycle: Lifecycle): Outcome | undefined => {
    const information = minor >= 14 ? judgeBindingInformation(lifecycle) : undefined;
    const outcome = judgeReturnedCredentials(lifecycle);
    return outcome?.verdict === "fail" && information?.verdict === "fail"
      ? followsFrom(
          "bind-info-returned-once",
          "the binding information is returned nowhere",
          ...(outcome.evidence ?? []),
        )
      : outcome;
  };

/** A bindable plan can be bound: a refusal may be due to something missing that only its owner knows. */
function judgeBound(lifecycle: Lifecycle): Outcome | undefined {
  const { binds } = lifecycle;
  const failed = binds.find(({ state }) => state !== "succeeded");
  if (failed === undefined) leftBy(lifecycle, "bind");
  if (binds.length === 0) return undefined;
  if (failed === undefined) return pass(...binds.map(({ answer }) => answer));
  return judgeBadEnd("bind", "a bindable plan to be bound", failed);
}

function judgeBindingInformation(lifecycle: Lifecycle): Outcome | undefined {
  const [bind, fetched] = [lifecycle.binds[0]?.answer, lifecycle.fetchedBindings[0]];
  const first = lifecycle.binds[0];
  if (bind === undefined || first?.state !== "succeeded" || requires(lifecycle.offer, "route_forwarding"))
    return undefined;
  const evidence = [bind, ...first.polls.slice(-1), ...(fetched ? [fetched] : [])];
  const isStated = [bind, fetched].some(
    (answer) => answer !== undefined && INFORMATION.some((member) => isPresent(bodyOf(answer)[member])),
  );
  if (isStated) return pass(...evidence);
  if (fetched === undefined && bind.status === 202)
    return fail("binding information in the first fetch", "a 202, and nothing that can be fetched", ...evidence);
  if (fetched !== undefined && fetched.status !== 200)
    return followsFrom("fetch-binding-supported", `the binding is fetched with ${fetched.status}`, ...evidence);
  if (fetched !== undefined && bind.status === 202 && isCredentialService(lifecycle))
    return followsFrom("fetch-binding-credentials-after-async", "neither answer has binding information", ...evidence);
  return fail(`one of ${INFORMATION.join(", ")}`, "none of them", ...evidence);
}

/** Credentials with content: two empty ones are not the same user. */
const isFilled = (credentials: Json | undefined): boolean =>
  isObject(credentials) ? Object.keys(credentials).length > 0 : isPresent(credentials);

function judgeUniqueCredentials(lifecycle: Lifecycle): Outcome | undefined {
  const [first, second] = bindingAnswers(lifecycle);
  if (first === undefined || second === undefined) return undefined;
  const [one, two] = [bodyOf(first)["credentials"], bodyOf(second)["credentials"]];
  if (!isFilled(one) || !isFilled(two)) return undefined;
  return sameJson(one, two)
    ? fail("credentials of its own for each binding", "the same for two", first, second)
    : pass(first, second);
}

function judgeEndpoints(lifecycle: Lifecycle): Outcome | undefined {
  const telling = bindingAnswers(lifecycle)[0];
  const { credentials, endpoints } = telling === undefined ? {} : bodyOf(telling);
  if (telling === undefined || !isPresent(credentials)) return undefined;
  if (isPresent(endpoints)) return pass(telling);
  return namesAddress(credentials)
    ? fail("endpoints beside the credentials", "none", telling)
    : notApplicable("the credentials name nothing on a network", telling);
}

const ADDRESS = /^(.*[_-])?(ur[il]s?|hosts?|host_?names?|ip|ports?|address(es)?|servers?|endpoints?|nodes?|dsn)$/i;

/** Whether some member, at any depth, is called like an address or looks like a URI. */
function namesAddress(value: Json | undefined): boolean {
  if (typeof value === "string") return value.includes("://");
  if (isArray(value)) return value.some(namesAddress);
  return isObject(value) && Object.entries(value).some(([name, item]) => ADDRESS.test(name) || namesAddress(item));
}

/** Hosts that credentials name: members called so, and the host of a URI. */
function hostsIn(credentials: JsonObject): string[] {
  return Object.entries(credentials).flatMap(([name, value]) => {
    if (typeof value !== "string") return [];
    if (/^(host|hostname)$/i.test(name)) return [value];
    const url = /^(uri|url)$/i.test(name) ? URL.parse(value) : null;
    return url === null || url.hostname === "" ? [] : [url.hostname];
  });
}

function judgeListedHosts(lifecycle: Lifecycle): Outcome | undefined {
  const telling = bindingAnswers(lifecycle)[0];
  const { credentials, endpoints } = telling === undefined ? {} : bodyOf(telling);
  if (telling === undefined || !isObject(credentials) || !isArray(endpoints)) return undefined;
  const listed = endpoints.map((endpoint) => (isObject(endpoint) ? endpoint["host"] : undefined));
  const missing = hostsIn(credentials).find((host) => !listed.includes(host));
  return missing === undefined
    ? pass(telling)
    : warn("the hosts of the credentials among the endpoints", `${missing} is missing`, telling);
}

function judgeAcceptedBinds({ binds }: Lifecycle): Outcome | undefined {
  const answers = binds.map(({ answer }) => answer).filter(({ status }) => status === 202);
  if (answers.length === 0) return undefined;
  const names = [...INFORMATION, "endpoints"];
  const wrong = answers.find((answer) => names.some((name) => isPresent(bodyOf(answer)[name])));
  return wrong === undefined
    ? pass(...answers.slice(0, 2))
    : fail("a 202 without binding information", "it has some", wrong);
}

/** Checks of spec.md, "Binding": what a binding tells an application. */
export const bindingInformationChecks: readonly OsbCheck[] = [
  probe({
    id: "bind-info-returned-once",
    title: "A binding's information is returned at least once",
    requirement: "Binding information is in the synchronous answer, or in the first fetch.",
    needs: { instances: 0 },
    run: (context) => judgeLifecycles(context, judgeBindingInformation, BOUND),
  }),
  probe({
    id: "bind-endpoints-provided",
    title: "Credentials come with endpoints",
    requirement: "The endpoints that the application needs should accompany the credentials.",
    needs: { instances: 0 },
    run: (context) => judgeLifecycles(context, judgeEndpoints, BOUND),
  }),
  probe({
    id: "bind-credentials-unique",
    title: "Two bindings have different credentials",
    requirement: "Each binding should have credentials of its own.",
    needs: { instances: 0 },
    run: (context) => judgeLifecycles(context, judgeUniqueCredentials, BOUND),
  }),
  probe({
    id: "bind-hosts-and-ports-provided",
    title: "The hosts of the credentials are among the endpoints",
    requirement: "All hosts and ports that an application uses should be listed as endpoints.",
    clauses: ["bind-hosts-and-ports-provided", "bind-endpoints-complete"],
    needs: { instances: 0 },
    run: (context) => judgeLifecycles(context, judgeListedHosts, BOUND),
  }),
  probe({
    id: "bind-credentials-required",
    title: "A finished bind has credentials",
    requirement: "A broker that generates credentials returns them in the 200 or 201.",
    needs: { instances: 0 },
    run: (context) => judgeLifecycles(context, judgeCredentials(context), BOUND),
  }),
  probe({
    id: "bind-creates-binding",
    title: "An instance of a bindable plan can be bound",
    requirement: "A bind of a plan that the catalog calls bindable makes the broker create a binding.",
    clauses: ["bind-201"],
    needs: { instances: 0 },
    run: (context) => judgeLifecycles(context, judgeBound, BOUND),
  }),
  probe({
    id: "bind-202-no-credentials",
    title: "A 202 to a bind has no binding information",
    requirement: "The body of a 202 has no credentials and no other binding information.",
    needs: { instances: 0 },
    run: (context) =>
      judgeLifecycles(context, judgeAcceptedBinds, { stage: "bind", unmet: "no bind was answered 202" }),
  }),
];
