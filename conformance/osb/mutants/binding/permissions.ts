import type { JsonObject } from "../../../client/http/json.ts";
import type { Operation } from "../../../client/answer.ts";
import { body, set } from "../changes.ts";
import { not, requiring } from "../conditions.ts";
import { alter } from "../middleware.ts";
import { mutant, type Mutant } from "../mutant.ts";
import type { Middleware } from "../traffic.ts";
import { DESCRIBING, isDone } from "./descriptions.ts";

const BIND: readonly Operation[] = ["bind"];

const mount = {
  driver: "nfs",
  container_dir: "/data",
  mode: "rw",
  device_type: "shared",
  device: { volume_id: "1" },
};

/** Adds a member to bindings whose offering has not the permission for it. */
const addUnasked = (permission: string, member: string, value: string | readonly JsonObject[]): Middleware =>
  alter(BIND, isDone, set(member, value), not(requiring(permission)));

/** Planted defects for the checks of spec.md, "Types of Binding": what an offering may return by its `requires`. */
export const bindingPermissionsMutants: readonly Mutant[] = [
  mutant(
    "bind-syslog-drain-url-required",
    "A service that drains logs tells the URL among its credentials.",
    alter(
      DESCRIBING,
      isDone,
      body(({ syslog_drain_url: url = "", ...rest }) => ({ ...rest, credentials: { drain: url }, endpoints: [] })),
      requiring("syslog_drain"),
    ),
  ),
  mutant(
    "bind-volume-mounts-required",
    "A service that mounts volumes has none to mount.",
    alter(DESCRIBING, isDone, set("volume_mounts", []), requiring("volume_mount")),
  ),
  mutant(
    "bind-route-service-url-required",
    "A route service has an empty route_service_url.",
    alter(DESCRIBING, isDone, set("route_service_url", ""), requiring("route_forwarding")),
    { also: ["bind-route-service-url-*", "broker-well-formed-success-bodies"] },
  ),
  mutant(
    "bind-syslog-drain-declared",
    "A database sends a syslog_drain_url that the offering did not ask for.",
    addUnasked("syslog_drain", "syslog_drain_url", "syslog://logs.example.com"),
  ),
  mutant(
    "bind-route-service-declared",
    "A database sends a route_service_url that the offering did not ask for.",
    addUnasked("route_forwarding", "route_service_url", "https://proxy.example.com/"),
  ),
  mutant(
    "bind-volume-mounts-declared",
    "A database sends volume mounts that the offering did not ask for.",
    addUnasked("volume_mount", "volume_mounts", [mount]),
  ),
];
