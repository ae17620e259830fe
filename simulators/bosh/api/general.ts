import { bodyJson, type HttpReply, json } from "../../kernel/index.ts";
import { callerOf } from "../auth/caller.ts";
import type { Director } from "../director.ts";
import { DirectorError } from "../errors.ts";
import { done, type DirectorRoute, page, route } from "./frame.ts";

function authentication({ options }: Director): object {
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
      user_authentication: authentication(director),
      features: {
        local_dns: { status: true, extras: { domain_name: "bosh" } },
        snapshots: { status: false },
        config_server: { status: false, extras: { urls: [] } },
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
  route("GET", "/resurrection", { needs: "read" }, ({ director }) =>
    page(200, { resurrection: !director.slot.value.resurrectionPaused }),
  ),
  route("PUT", "/resurrection", { media: ["application/json"] }, ({ director, request }) => {
    const body = bodyJson(request);
    if (!body.ok) throw new DirectorError(710001, `Invalid JSON request body: ${body.error}`);
    director.slot.value.resurrectionPaused =
      (body.value as { resurrection_paused?: boolean }).resurrection_paused === true;
    return done(200);
  }),
  route("GET", "/director/certificate_expiry", { needs: "read" }, () => page(200, [])),
];
