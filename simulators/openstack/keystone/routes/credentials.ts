import { isObject, parseJson } from "../../../kernel/index.ts";
import type { Cloud } from "../../cloud.ts";
import { textOr, textOrNull } from "../../schema/index.ts";
import type { Blob } from "../state/entities.ts";
import type { Attributes } from "../wire/body.ts";
import { badRequest } from "../wire/errors.ts";
import { TEXT } from "../wire/schema-parts.ts";
import { newId, withExtras } from "./attributes.ts";
import { defineResource, resourceRoutes } from "./resource.ts";

const KNOWN = ["blob", "type", "user_id", "project_id", "id"];

/** Checks that later requests can read keys for EC2. @throws Refusal 400 */
function checkKeys(type: string, blob: string): void {
  if (type === "ec2" && !isObject(parseJson(blob))) throw badRequest("Invalid blob in credential");
}

/** A stored blob, a credential's or a policy's. @throws Refusal 400 */
export function createBlob(cloud: Cloud, attributes: Attributes): Blob {
  const blob: Blob = {
    id: newId(cloud),
    name: "",
    blob: textOr(attributes.blob),
    type: textOr(attributes.type),
    userId: textOrNull(attributes.user_id),
    projectId: textOrNull(attributes.project_id),
  };
  checkKeys(blob.type, blob.blob);
  return withExtras(blob, attributes, KNOWN);
}

/** @throws Refusal 400 */
export function updateBlob(blob: Blob, attributes: Attributes): void {
  const [text, type] = [textOr(attributes.blob, blob.blob), textOr(attributes.type, blob.type)];
  checkKeys(type, text);
  Object.assign(blob, { blob: text, type });
  withExtras(blob, attributes, KNOWN);
}

const CREDENTIALS = defineResource({
  collection: "credentials",
  member: "credential",
  filters: ["user_id", "type"],
  createSchema: {
    type: "object",
    properties: { blob: TEXT, project_id: TEXT, type: TEXT, user_id: TEXT },
    additionalProperties: true,
    oneOf: [
      {
        title: "ec2 credential requires project_id",
        required: ["blob", "type", "user_id", "project_id"],
        properties: { type: { enum: ["ec2"] } },
      },
      {
        title: "non-ec2 credential does not require project_id",
        required: ["blob", "type", "user_id"],
        properties: { type: { not: { enum: ["ec2"] } } },
      },
    ],
  },
  updateSchema: { type: "object", properties: { blob: TEXT }, additionalProperties: false, required: ["blob"] },
  map: (state) => state.credentials,
  view: ({ id, userId, projectId, blob, type, extra }) => ({
    ...extra,
    user_id: userId,
    type,
    blob,
    project_id: projectId,
    id,
  }),
  create: ({ cloud }, _context, attributes) => createBlob(cloud, attributes),
  update: (_keystone, blob, attributes) => updateBlob(blob, attributes),
  isListed: ({ actor }, { userId }) => actor.userId === userId,
});

/** Credentials: blobs that clients store; nothing here uses them. */
export const credentialRoutes = resourceRoutes(CREDENTIALS);
