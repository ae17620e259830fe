import Type from "typebox";
import type { Offering } from "../spi/services/service.ts";
import type { OperationContext } from "../operations/context.ts";
import { parserOf } from "../json.ts";
import { equalInConstantTime } from "../osb/constant-time.ts";
import { randomHex } from "../osb/ids.ts";
import { openText, type Seal, sealText } from "../store/seal.ts";

/** A login that has begun, as the browser keeps it, sealed. */
interface LoginAttempt {
  readonly state: string;
  /** PKCE's verifier (RFC 7636): stealing only the code is useless. */
  readonly verifier: string;
  readonly instanceId: string;
  readonly offeringId: Offering["id"];
  readonly expiresMs: number;
}

const parse = parserOf(
  "a login attempt",
  Type.Object({
    state: Type.String(),
    verifier: Type.String(),
    instanceId: Type.String(),
    offeringId: Type.String(),
    expiresMs: Type.Number(),
  }),
);

/** How long a user may take to log in, in seconds. */
export const LOGIN_S_MAX = 600;
const SECRET_BYTES = 32;

/** Begins a login: what the browser keeps, and what goes to the platform. */
export function beginLogin(
  context: OperationContext,
  seal: Seal,
  instanceId: string,
  offeringId: string,
): { readonly attempt: LoginAttempt; readonly cookie: string } {
  const attempt = {
    state: randomHex(context, SECRET_BYTES),
    verifier: randomHex(context, SECRET_BYTES),
    instanceId,
    offeringId,
    expiresMs: context.host.nowMs() + LOGIN_S_MAX * 1000,
  };
  return { attempt, cookie: Buffer.from(sealText(seal, JSON.stringify(attempt))).toString("base64url") };
}

/** The attempt from which a browser comes back; undefined unless this very browser began it, recently, with this state. */
export function resumeLogin(
  { host }: OperationContext,
  seal: Seal,
  cookie: string | undefined,
  state: string,
): LoginAttempt | undefined {
  try {
    const attempt = parse(openText(seal, Buffer.from(cookie ?? "", "base64url").toString("utf8")));
    return equalInConstantTime(state, attempt.state) && attempt.expiresMs > host.nowMs() ? attempt : undefined;
  } catch {
    // This broker did not seal it.
    return undefined;
  }
}
