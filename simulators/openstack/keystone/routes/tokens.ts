import { empty, type HttpReply, json } from "../../../kernel/index.ts";
import { Refusal } from "../../refusal.ts";
import { bindRoutes, type RequestContext, type OpenStackRoute } from "../../service.ts";
import { authenticate } from "../behaviour/authentication.ts";
import type { Keystone } from "../behaviour/tokens.ts";
import type { Token } from "../state/entities.ts";
import { AUTH } from "../wire/auth-schema.ts";
import { checkBody, readBody } from "../wire/body.ts";
import { missingAttribute, forbiddenAction } from "../wire/errors.ts";
import { tokenView } from "../wire/token.ts";

const PATH = "/v3/auth/tokens";

/** Issues, validates and revokes tokens (Identity API v3, "authentication and token management"). */
export const tokenRoutes = (keystone: Keystone): readonly OpenStackRoute[] =>
  bindRoutes(keystone, [
    ["POST", PATH, issueToken, { open: true, clients: ["bosh", "openstack"] }],
    ["GET", PATH, validateToken],
    ["DELETE", PATH, revokeToken],
  ]);

const tokenReply = (keystone: Keystone, context: RequestContext, status: number, token: Token): HttpReply =>
  json(status, tokenView(keystone, token, context), { "X-Subject-Token": token.id });

function issueToken(keystone: Keystone, context: RequestContext): HttpReply {
  const { auth } = readBody(context);
  if (auth === undefined || auth === null) throw missingAttribute("auth", "request body");
  return tokenReply(keystone, context, 201, authenticate(keystone, checkBody(AUTH, auth)));
}

const validateToken = (keystone: Keystone, context: RequestContext): HttpReply =>
  tokenReply(keystone, context, 200, requireSubject(keystone, context, "validate_token"));

function revokeToken(keystone: Keystone, context: RequestContext): HttpReply {
  keystone.tokens.revoke(requireSubject(keystone, context, "revoke_token"));
  return empty(204);
}

/** The token of X-Subject-Token, where the policy lets the caller see it. @throws Refusal 403, 404 */
function requireSubject({ tokens }: Keystone, { actor, request }: RequestContext, action: string): Token {
  const id = request.headers["x-subject-token"];
  if (id === undefined) {
    if (!actor.isAdmin) throw forbiddenAction(`identity:${action}`);
    throw new Refusal(404, "", "No token in the request");
  }
  const token = tokens.requireLive(id);
  const isOwn = token.userId === actor.userId;
  if (!isOwn && !actor.isAdmin && !actor.roles.includes("service")) throw forbiddenAction(`identity:${action}`);
  return token;
}
