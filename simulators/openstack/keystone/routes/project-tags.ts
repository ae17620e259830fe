import { empty, type HttpReply, json } from "../../../kernel/index.ts";
import { bindRoutes, type RequestContext, type OpenStackRoute } from "../../service.ts";
import type { Keystone } from "../behaviour/tokens.ts";
import type { Project } from "../state/entities.ts";
import { checkBody, readBody } from "../wire/body.ts";
import { forbiddenAction, notFound } from "../wire/errors.ts";
import { rootOf } from "../wire/links.ts";
import { requireAdmin } from "../wire/policy.ts";
import { TAG, TAGS } from "../wire/schema-parts.ts";

const PATH = "/v3/projects/:project/tags";

/** Tags of projects (Identity API v3, "project tags"). */
export const projectTagRoutes = (keystone: Keystone): readonly OpenStackRoute[] =>
  bindRoutes(keystone, [
    ["GET", PATH, (it, context) => listReply(context, requireProject(it, context, "list_project_tags").tags)],
    ["PUT", PATH, replaceTags],
    ["DELETE", PATH, clearTags],
    ["GET", `${PATH}/:tag`, checkTag],
    ["PUT", `${PATH}/:tag`, addTag],
    ["DELETE", `${PATH}/:tag`, removeTag],
  ]);

function requireProject(
  { state }: Keystone,
  { actor, params: { project: id = "" } }: RequestContext,
  action: string,
): Project {
  if (!actor.isAdmin && actor.projectId !== id) throw forbiddenAction(`identity:${action}`);
  const project = state.projects.get(id);
  if (project === undefined) throw notFound("project", id);
  return project;
}

const listReply = (context: RequestContext, tags: readonly string[]): HttpReply =>
  json(200, { links: { self: rootOf(context) }, tags });

function replaceTags(keystone: Keystone, context: RequestContext): HttpReply {
  const { tags = {} } = readBody(context);
  requireAdmin(context, "update_project_tags");
  const project = requireProject(keystone, context, "update_project_tags");
  project.tags = [...checkBody(TAGS, tags)];
  return listReply(context, project.tags);
}

function clearTags(keystone: Keystone, context: RequestContext): HttpReply {
  requireAdmin(context, "delete_project_tags");
  requireProject(keystone, context, "delete_project_tags").tags = [];
  return empty(204);
}

function checkTag(keystone: Keystone, context: RequestContext): HttpReply {
  const { tag = "" } = context.params;
  if (!requireProject(keystone, context, "get_project_tag").tags.includes(tag)) throw notFound("project tag", tag);
  return empty(204);
}

function addTag(keystone: Keystone, context: RequestContext): HttpReply {
  const { tag = "" } = context.params;
  requireAdmin(context, "create_project_tag");
  const project = requireProject(keystone, context, "create_project_tag");
  checkBody(TAG, tag);
  project.tags = [...checkBody(TAGS, [...project.tags, tag])];
  // The original's address lacks a part as well.
  const location = `${rootOf(context)}/${project.id}/tags/${encodeURIComponent(tag)}`;
  return { status: 201, body: "", headers: { "Content-Type": "text/html; charset=utf-8", Location: location } };
}

function removeTag(keystone: Keystone, context: RequestContext): HttpReply {
  const { tag = "" } = context.params;
  requireAdmin(context, "delete_project_tag");
  const project = requireProject(keystone, context, "delete_project_tag");
  if (!project.tags.includes(tag)) throw notFound("project tag", tag);
  project.tags = project.tags.filter((each) => each !== tag);
  return empty(204);
}
