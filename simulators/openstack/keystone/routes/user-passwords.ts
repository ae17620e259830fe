import { empty, type HttpReply } from "../../../kernel/index.ts";
import { bindRoutes, type RequestContext, type OpenStackRoute } from "../../service.ts";
import type { Keystone } from "../behaviour/tokens.ts";
import { hashSecret, matchesSecret } from "../state/secrets.ts";
import { checkBody, readBody } from "../wire/body.ts";
import { authenticationRequired } from "../wire/errors.ts";
import { TEXT } from "../wire/schema-parts.ts";

/** A user's change of its own password (Identity API v3, "change password for user"): open, as the old password proves who asks. */
export const userPasswordRoutes = (keystone: Keystone): readonly OpenStackRoute[] =>
  bindRoutes(keystone, [["POST", "/v3/users/:user/password", changePassword, { open: true }]]);

/** keystone, `identity/schema.py`. */
const CHANGE = {
  type: "object",
  properties: { original_password: TEXT, password: TEXT },
  required: ["original_password", "password"],
  additionalProperties: false,
} as const;

function changePassword({ state, tokens, cloud }: Keystone, context: RequestContext): HttpReply {
  const body = readBody(context);
  const { original_password: original, password } = checkBody(CHANGE, Object.hasOwn(body, "user") ? body.user : {});
  const user = state.users.get(context.params.user ?? "");
  if (user === undefined || !matchesSecret(user.passwordHash, user.id, original)) throw authenticationRequired();
  user.passwordHash = hashSecret(user.id, password);
  tokens.revokeUser(user.id);
  cloud.kernel.record("keystone", "user.password", user.id);
  return empty(204);
}
