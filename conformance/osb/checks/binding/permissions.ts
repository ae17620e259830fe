import { isArray, type Json } from "../../../client/http/json.ts";
import { bodyOf } from "../../../client/http/observation.ts";
import { isBindable, requires } from "../../../client/catalog.ts";
import { fail, pass } from "../../../runner/check.ts";
import type { OsbContext } from "../../context.ts";
import { type OsbCheck, probe, review } from "../../define.ts";
import { bindingAnswers, isPresent, PERMISSIONS, requirePermission } from "../../judging/binding-answers.ts";
import { judgeLifecycles } from "../../judging/lifecycles.ts";

/** An offering with a permission returns the member that goes with it. */
function requireMember(permission: string, member: string, isRight: (value: Json | undefined) => boolean) {
  return (context: OsbContext) => {
    const words = `no bindable offering requires ${permission}`;
    context.offer({ unmet: words, fits: (offer) => isBindable(offer) && requires(offer, permission) });
    return judgeLifecycles(
      context,
      (lifecycle) => {
        const telling = bindingAnswers(lifecycle)[0];
        if (!requires(lifecycle.offer, permission) || telling === undefined) return undefined;
        return isRight(bodyOf(telling)[member])
          ? pass(telling)
          : fail(`${member} from a service that requires ${permission}`, "none", telling);
      },
      { stage: "bind", unmet: `no binding with ${permission} could be read` },
    );
  };
}

/** Checks of spec.md, "Types of Binding": what an offering may return by its `requires`. */
export const bindingPermissionsChecks: readonly OsbCheck[] = [
  probe({
    id: "bind-syslog-drain-url-required",
    title: "An offering that requires syslog_drain returns syslog_drain_url",
    requirement: "A service that drains logs returns syslog_drain_url.",
    needs: { instances: 0 },
    run: requireMember("syslog_drain", "syslog_drain_url", (value) => typeof value === "string"),
  }),
  probe({
    id: "bind-volume-mounts-required",
    title: "An offering that requires volume_mount returns volume_mounts",
    requirement: "A service of volumes returns volume_mounts.",
    needs: { instances: 0 },
    run: requireMember("volume_mount", "volume_mounts", (value) => isArray(value) && value.length > 0),
  }),
  probe({
    id: "bind-route-service-url-required",
    title: "An offering that requires route_forwarding returns a filled route_service_url or none",
    requirement:
      "A route service that proxies returns route_service_url; one that is managed out of band returns none.",
    needs: { instances: 0 },
    run: requireMember(
      "route_forwarding",
      "route_service_url",
      (value) => !isPresent(value) || (typeof value === "string" && value !== ""),
    ),
  }),
  review({
    id: "bind-syslog-drain-declared",
    title: "Only offerings that require syslog_drain return syslog_drain_url",
    requirement: "syslog_drain_url only with requires syslog_drain.",
    run: requirePermission(["bind"], PERMISSIONS.slice(0, 1)),
  }),
  review({
    id: "bind-route-service-declared",
    title: "Only offerings that require route_forwarding return route_service_url",
    requirement: "route_service_url only with requires route_forwarding.",
    clauses: ["bind-route-service-declared", "route-forwarding-declared"],
    run: requirePermission(["bind"], PERMISSIONS.slice(1, 2)),
  }),
  review({
    id: "bind-volume-mounts-declared",
    title: "Only offerings that require volume_mount return volume_mounts",
    requirement: "volume_mounts only with requires volume_mount.",
    run: requirePermission(["bind"], PERMISSIONS.slice(2)),
  }),
];
