import { bodyJson, type HttpReply } from "../../kernel/index.ts";
import { type Fields, optionalField, requireField } from "../configs/fields.ts";
import { startTask } from "../tasks/queue.ts";
import type { TaskType } from "../tasks/types.ts";
import { Unforeseen } from "../wire/bodies.ts";
import { pathParam, type RequestContext } from "../wire/context.ts";
import { DirectorError } from "../wire/errors.ts";
import { htmlJson, redirectToTask } from "../wire/replies.ts";
import { type DirectorRoute, route } from "../wire/route.ts";

/*
 * Dynamic disks (dynamic_disks_controller.rb in bosh-director). Their tasks have their own queue. A director
 * has no worker for it unless it is configured with some, and neither has this one: the tasks wait until they
 * are cancelled.
 */

const CHECKS: Readonly<Record<string, (body: unknown) => void>> = {
  deployment_name: (body) => requireText(body, "deployment_name"),
  az: (body) => requireText(body, "az"),
  instance_id: (body) => requireText(body, "instance_id"),
  disk_name: (body) => requireText(body, "disk_name"),
  disk_pool_name: (body) => requireText(body, "disk_pool_name"),
  disk_size: (body) => {
    const size = requireField(body, "disk_size", "integer");
    if (size < 1) throw new DirectorError(40002, `'disk_size' value (${size}) should be greater than 1`);
  },
  metadata: (body) => void optionalField(body, "metadata", "hash"),
};

function requireText(body: unknown, name: string): void {
  const { length } = requireField(body, name, "string");
  if (length < 1) throw new DirectorError(40002, `'${name}' length (${length}) should be greater than 1`);
}

/** Checks the request, property by property, and queues its task. @throws DirectorError 40000, 40001, 40002 */
function queueWork(context: RequestContext, type: TaskType, properties: readonly string[]): HttpReply {
  const { director, caller } = context;
  const body: unknown = properties.length === 0 ? {} : parseBody(context);
  for (const property of properties) CHECKS[property]?.(body);
  const given: Fields = context.params.name === undefined ? {} : { disk_name: pathParam(context, "name") };
  return redirectToTask(
    context,
    startTask(director, {
      type,
      description: type.replaceAll("_", " "),
      user: caller.user,
      queue: "dynamic_disks",
      job: { kind: "dynamic_disk", args: { body, ...given } },
    }),
  );
}

function parseBody({ request }: RequestContext): unknown {
  const body = bodyJson(request);
  if (!body.ok) throw new Unforeseen();
  return body.value;
}

const json = { media: ["application/json"] } as const;

/** The routes of /dynamic_disks. */
export const DYNAMIC_DISKS: readonly DirectorRoute[] = [
  route("GET", "/dynamic_disks", { needs: "list_dynamic_disks" }, () => htmlJson(200, [])),
  route("POST", "/dynamic_disks", { needs: "create_dynamic_disks", ...json }, (context) =>
    queueWork(context, "create_dynamic_disk", [
      "deployment_name",
      "az",
      "disk_name",
      "disk_pool_name",
      "disk_size",
      "metadata",
    ]),
  ),
  route("POST", "/dynamic_disks/provide", { needs: "provide_dynamic_disks", ...json }, (context) =>
    queueWork(context, "provide_dynamic_disk", ["instance_id", "disk_name", "disk_pool_name", "disk_size", "metadata"]),
  ),
  route("POST", "/dynamic_disks/:name/attach", { needs: "attach_dynamic_disks", ...json }, (context) =>
    queueWork(context, "attach_dynamic_disk", ["instance_id", "metadata"]),
  ),
  route("POST", "/dynamic_disks/:name/detach", { needs: "detach_dynamic_disks" }, (context) =>
    queueWork(context, "detach_dynamic_disk", []),
  ),
  route("DELETE", "/dynamic_disks/:name", { needs: "delete_dynamic_disks" }, (context) =>
    queueWork(context, "delete_dynamic_disk", []),
  ),
];
