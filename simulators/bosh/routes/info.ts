import { type HttpReply, json } from "../../kernel/index.ts";
import { callerOf } from "../auth/caller.ts";
import type { Director } from "../state/director.ts";
import type { DirectorRoute } from "../wire/route.ts";

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

/** The routes of /info. */
export const INFO: readonly DirectorRoute[] = [info];
