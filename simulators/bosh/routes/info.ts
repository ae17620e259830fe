import { type HttpReply, json } from "../../kernel/index.ts";
import { callerOf } from "../auth/caller.ts";
import type { Director } from "../state/director.ts";
import { jsonObject } from "../wire/bodies.ts";
import { brokenReply, emptyReply, htmlJson } from "../wire/replies.ts";
import { type DirectorRoute, route } from "../wire/route.ts";
import { showResource } from "./resources.ts";

function authenticationOf({ options }: Director): object {
  if (options.uaa === undefined) return { type: "basic", options: {} };
  return { type: "uaa", options: { url: options.uaa.url, urls: [options.uaa.url] } };
}

const info: DirectorRoute = {
  method: "GET",
  path: "/info",
  auth: "none",
  clients: ["bosh"],
  handler: (director, request): HttpReply =>
    json(200, {
      name: director.name,
      uuid: director.uuid,
      version: director.options.version ?? "283.1.6 (00000000)",
      user: callerOf(director, request)?.user ?? null,
      cpi: director.options.cpiName ?? "openstack_cpi",
      stemcell_os: "-",
      stemcell_version: "-",
      user_authentication: authenticationOf(director),
      features: {
        local_dns: { status: true, extras: { domain_name: "bosh" } },
        snapshots: { status: director.options.snapshots === true },
        config_server: {
          status: director.options.configServer !== undefined,
          extras: { urls: director.options.configServer === undefined ? [] : [director.options.configServer.url] },
        },
      },
    }),
};

export const GENERAL: readonly DirectorRoute[] = [
  info,
  route("GET", "/locks", { needs: "read" }, ({ director }) =>
    json(
      200,
      [...director.slot.value.locks.values()].map(({ name, timeoutMs, taskId }) => {
        const [, type, ...resource] = name.split(":");
        return {
          type,
          resource,
          timeout: `${Math.floor(timeoutMs / 1000)}.${String(timeoutMs % 1000).padStart(3, "0")}000`,
          task_id: String(taskId),
        };
      }),
    ),
  ),
  route("GET", "/resurrection", {}, ({ director }) =>
    htmlJson(200, { resurrection: !director.slot.value.resurrectionPaused }),
  ),
  route("PUT", "/resurrection", { media: ["application/json"] }, (context) => {
    const body = jsonObject(context);
    if (body === undefined) return brokenReply;
    context.director.slot.value.resurrectionPaused = body.resurrection_paused === true;
    return emptyReply(200);
  }),
  route("GET", "/director/certificate_expiry", { needs: "read" }, ({ director }) =>
    json(
      200,
      (director.options.certificates ?? []).map(({ path, expiryMs }) => ({
        certificate_path: path,
        expiry: new Date(expiryMs).toISOString().replace(/\.\d+Z$/, "Z"),
        days_left: Math.floor((expiryMs - director.kernel.nowMs) / DAY_MS),
      })),
    ),
  ),
  route("GET", "/resources/:id", {}, ({ director, params }) => showResource(director, params.id ?? "")),
  // Volumes of running deployments over an API of their own: nobody has any here.
  route("GET", "/dynamic_disks", { needs: "read" }, () => htmlJson(200, [])),
];

const DAY_MS = 86_400_000;
