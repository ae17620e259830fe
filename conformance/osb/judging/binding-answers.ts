import { isObject, type Json } from "../../client/http/json.ts";
import { bodyOf } from "../../client/http/observation.ts";
import type { Answer } from "../../client/answer.ts";
import { isBindable, type Offer, requires } from "../../client/catalog.ts";
import { fail, notApplicable, type Outcome, pass } from "../../runner/check.ts";
import type { OsbContext } from "../context.ts";
import { allLifecycles, type Lifecycle } from "../sequences/lifecycles.ts";

/** Members of which a binding has at least one. */
export const INFORMATION = ["credentials", "syslog_drain_url", "route_service_url", "volume_mounts"];

/** Members of a binding, each with the permission that its offering needs for it. */
export const PERMISSIONS: readonly (readonly [string, string])[] = [
  ["syslog_drain_url", "syslog_drain"],
  ["route_service_url", "route_forwarding"],
  ["volume_mounts", "volume_mount"],
];

/** A bind that is done: 201, or 200 from a broker that breaks that rule and no other. */
export const isDone = ({ status }: Pick<Answer, "status">): boolean => status === 200 || status === 201;

/** The answers that describe the bindings of a lifecycle: the 201, or the fetch after an asynchronous bind. */
export function bindingAnswers({ binds, fetchedBindings }: Lifecycle): Answer[] {
  return binds.flatMap(({ answer }, at) => {
    const fetched = fetchedBindings[at];
    if (isDone(answer)) return [answer];
    return answer.status === 202 && fetched?.status === 200 ? [fetched] : [];
  });
}

/** An answer that describes a binding, and the plan of its instance. */
interface Description {
  readonly answer: Answer;
  readonly offer: Offer;
}

/** Every answer of the lifecycles that describes a binding. */
export async function bindingDescriptions({ shared }: OsbContext): Promise<readonly Description[]> {
  const describes = (answer: Answer) =>
    (answer.operation === "bind" && isDone(answer)) || (answer.operation === "fetch-binding" && answer.status === 200);
  return (await allLifecycles(shared)).flatMap(({ offer, answers }) =>
    answers.filter(describes).map((answer) => ({ answer, offer })),
  );
}

/** A member that only an offering with the permission may return. */
export function requirePermission(operations: readonly string[], pairs: readonly (readonly [string, string])[]) {
  return async (context: OsbContext): Promise<Outcome> => {
    const all = (await bindingDescriptions(context)).filter(({ answer }) => operations.includes(answer.operation));
    const seen = all.flatMap(({ answer, offer }) =>
      pairs.filter(([member]) => isPresent(bodyOf(answer)[member])).map((pair) => ({ answer, offer, pair })),
    );
    if (seen.length === 0) return notApplicable(`no answer has ${pairs.map(([member]) => member).join(", ")}`);
    const wrong = seen.find(({ offer, pair }) => !requires(offer, pair[1]));
    if (wrong === undefined) return pass(...seen.slice(0, 2).map(({ answer }) => answer));
    return fail(
      `${wrong.pair[0]} only from an offering that requires ${wrong.pair[1]}`,
      "it came without",
      wrong.answer,
    );
  };
}

/** Neither absent nor null. */
export const isPresent = (value: Json | undefined): boolean => value !== undefined && value !== null;

/** Whether bindings of the plan are there for credentials, and not for one of the permissions. */
export const isCredentialService = ({ offer }: Lifecycle): boolean =>
  isBindable(offer) && !PERMISSIONS.some(([, permission]) => requires(offer, permission));

const CONNECTING = /^(password|username|user|host|hostname|port|uri|url|token|secret|credentials|api_?key)$/i;

/** The metadata of bindings has no member that is called like something needed to connect. */
export function judgeBindingMetadata(operation: string) {
  return async (context: OsbContext): Promise<Outcome> => {
    const answers = (await bindingDescriptions(context))
      .map(({ answer }) => answer)
      .filter((answer) => answer.operation === operation && isObject(bodyOf(answer)["metadata"]));
    if (answers.length === 0) return notApplicable("no binding came with metadata");
    const wrong = answers.find((answer) => {
      const { metadata } = bodyOf(answer);
      return isObject(metadata) && Object.keys(metadata).some((name) => CONNECTING.test(name));
    });
    return wrong === undefined
      ? pass(...answers.slice(0, 2))
      : fail("metadata that nobody needs to connect", "a member that looks like it", wrong);
  };
}
