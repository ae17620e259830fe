import { createHash } from "node:crypto";
import { empty, type HttpReply, json, isObject } from "../../../kernel/index.ts";
import { bindRoutes, type RequestContext, type OpenStackRoute } from "../../service.ts";
import type { Keystone } from "../behaviour/tokens.ts";
import type { Blob } from "../state/entities.ts";
import { readBody } from "../wire/body.ts";
import { missingAttribute, forbiddenAction, notFound } from "../wire/errors.ts";
import { listReply, rootOf } from "../wire/links.ts";
import { newId } from "./attributes.ts";

const PATH = "/v3/users/:user/credentials/OS-EC2";

/** Keys for EC2 and S3 (Identity API v3, OS-EC2): kept among the credentials; nothing authenticates with them. */
export const ec2CredentialRoutes = (keystone: Keystone): readonly OpenStackRoute[] =>
  bindRoutes(keystone, [
    ["GET", PATH, listKeys],
    ["POST", PATH, createKeys],
    ["GET", `${PATH}/:access`, showKeys],
    ["DELETE", `${PATH}/:access`, removeKeys],
  ]);

/** The keys in a credential of type `ec2`, whose blob was checked to be an object when it was stored. */
function keysOf({ blob }: Blob): Readonly<Record<string, unknown>> {
  const keys: unknown = JSON.parse(blob);
  return isObject(keys) ? keys : {};
}

function view(context: RequestContext, credential: Blob): object {
  const keys = keysOf(credential);
  return {
    ...keys,
    user_id: credential.userId,
    tenant_id: credential.projectId,
    trust_id: null,
    links: { self: `${rootOf(context)}/users/${credential.userId}/credentials/OS-EC2/${String(keys.access)}` },
  };
}

/** @throws Refusal 403, 404 */
function admit({ state }: Keystone, { actor, params: { user = "" } }: RequestContext, action: string): void {
  if (!actor.isAdmin && actor.userId !== user) throw forbiddenAction(`identity:ec2_${action}`);
  if (!state.users.has(user)) throw notFound("user", user);
}

const ownKeys = ({ state }: Keystone, { params }: RequestContext): readonly Blob[] =>
  [...state.credentials.values()].filter(({ type, userId }) => type === "ec2" && userId === params.user);

/** The keys of the path, which are found before policy is asked; refusals name the id under which they would be kept. @throws Refusal 403, 404 */
function requireKeys(keystone: Keystone, context: RequestContext, action: string): Blob {
  const { access = "" } = context.params;
  const credential = ownKeys(keystone, context).find((each) => keysOf(each).access === access);
  if (credential === undefined) throw notFound("credential", createHash("sha256").update(access).digest("hex"));
  admit(keystone, context, action);
  return credential;
}

function listKeys(keystone: Keystone, context: RequestContext): HttpReply {
  admit(keystone, context, "list_credentials");
  const views = ownKeys(keystone, context).map((credential) => view(context, credential));
  return listReply(context, "credentials", views);
}

function createKeys(keystone: Keystone, context: RequestContext): HttpReply {
  admit(keystone, context, "create_credential");
  const { state, cloud } = keystone;
  const { tenant_id: projectId } = readBody(context);
  if (typeof projectId !== "string") throw missingAttribute("tenant_id", "request body");
  if (!state.projects.has(projectId)) throw notFound("project", projectId);
  const keys = { access: cloud.hex("keystone"), secret: cloud.secrets("keystone").hex(32) };
  const credential: Blob = {
    id: newId(cloud),
    name: "",
    blob: JSON.stringify(keys),
    type: "ec2",
    userId: context.params.user ?? "",
    projectId,
  };
  state.credentials.set(credential.id, credential);
  cloud.kernel.record("keystone", "credential.create", credential.id, { type: "ec2" });
  return json(201, { credential: view(context, credential) });
}

function showKeys(keystone: Keystone, context: RequestContext): HttpReply {
  return json(200, { credential: view(context, requireKeys(keystone, context, "get_credential")) });
}

function removeKeys(keystone: Keystone, context: RequestContext): HttpReply {
  const { id } = requireKeys(keystone, context, "delete_credential");
  keystone.state.credentials.delete(id);
  keystone.cloud.kernel.record("keystone", "credential.delete", id);
  return empty(204);
}
