import Type from "typebox";
import { Compile } from "typebox/compile";
import { type BackendAnswer, type BodySchema, textOf } from "./client.ts";

/**
 * A backend's own word for the reason of a refusal. A status is not a reason: Neutron's 409 means "exists already" as well as "quota exceeded", and 404
 * means "no such thing" as well as "no such route", perhaps from a proxy in front.
 */
const NEUTRON = Compile(Type.Object({ NeutronError: Type.Object({ type: Type.String() }) }));
const DIRECTOR = Compile(Type.Object({ code: Type.Integer() }));

function parseRefusal<T>(shape: BodySchema<T>, answer: BackendAnswer): T | undefined {
  try {
    const body: unknown = JSON.parse(textOf(answer));
    return shape.Check(body) ? body : undefined;
  } catch {
    // A page of a proxy, or a line of text: it names no reason.
    return undefined;
  }
}

/** The reason of a refusal of Neutron: `SecurityGroupRuleExists`, `OverQuota` …; undefined when somebody else answered. */
export const neutronReason = (answer: BackendAnswer): string | undefined =>
  parseRefusal(NEUTRON, answer)?.NeutronError.type;

/** Codes of the director's errors (bosh-director/lib/bosh/director/errors.rb). */
export const DIRECTOR_CODES = { taskNotFound: 10_000, deploymentNotFound: 70_000 } as const;

/** The code of a director's error; undefined when somebody else answered. */
export const directorCode = (answer: BackendAnswer): number | undefined => parseRefusal(DIRECTOR, answer)?.code;

const AGENT = Compile(Type.Object({ error: Type.Object({ code: Type.String() }) }));

/** The reason of a refusal of an instance's agent, such as `not_primary`; undefined when somebody else answered. */
export const agentReason = (answer: BackendAnswer): string | undefined => parseRefusal(AGENT, answer)?.error.code;

/** Swift gives no reasons, but marks each of its answers: without the mark, somebody else answered. */
export const isOfSwift = ({ headers }: BackendAnswer): boolean => headers.has("x-trans-id");
