import { empty, type HttpReply, isObject } from "../../../kernel/index.ts";
import { bindRoutes, type RequestContext, type OpenStackRoute } from "../../service.ts";
import type { Keystone } from "../behaviour/tokens.ts";
import { hashSecret, matchesSecret } from "../state/secrets.ts";
import { readBody } from "../wire/body.ts";
import { missingAttribute, authenticationRequired } from "../wire/errors.ts";

/** A user's change of its own password (Identity API v3, "change password for user"): open, as the old password proves who asks. */
export const userPasswordRoutes = (keystone: Keystone): readonly OpenStackRoute[] =>
  bindRoutes(keystone, [["POST", "/v3/users/:user/password", changePassword, { open: true }]]);

function changePassword({ state, tokens, cloud }: Keystone, context: RequestContext): HttpReply {
  const { user: attributes } = readBody(context);
  if (typeof attributes !== "object" || attributes === null) throw missingAttribute("user", "request body");
  const { original_password: original, password } = isObject(attributes) ? attributes : {};
  if (typeof original !== "string") throw missingAttribute("original_password", "user");
  if (typeof password !== "string") throw missingAttribute("password", "user");
  const user = state.users.get(context.params.user ?? "");
  if (user === undefined || !matchesSecret(user.passwordHash, user.id, original)) throw authenticationRequired();
  user.passwordHash = hashSecret(user.id, password);
  tokens.revokeUser(user.id);
  cloud.kernel.record("keystone", "user.password", user.id);
  return empty(204);
}
