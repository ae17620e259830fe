import type { Route } from "../../kernel/index.ts";
import type { ConsulSim } from "../wire/call.ts";
import { answerAtOnce } from "../wire/handler.ts";
import { refuseNotSimulated } from "../wire/refusal.ts";
import { whenEnabled } from "./acl-base.ts";

const refuseLegacy = answerAtOnce(() => refuseNotSimulated("legacy ACLs"));

/** The endpoints of the ACLs before 1.4, which 1.8 still has (Consul 1.8, "Legacy ACL"). */
export const ACL_1_8_ROUTES: readonly Route<ConsulSim>[] = [
  { method: "PUT", path: "/v1/acl/create", handler: refuseLegacy },
  { method: "GET", path: "/v1/acl/list", handler: refuseLegacy },
  { method: "GET", path: "/v1/acl/info/*rest", handler: refuseLegacy },
  { method: "GET", path: "/v1/acl/rules/translate/*rest", handler: refuseLegacy },
].map(whenEnabled);
