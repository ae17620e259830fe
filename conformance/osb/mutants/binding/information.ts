import type { Operation } from "../../../client/answer.ts";
import { drop, is, set } from "../changes.ts";
import { alter } from "../middleware.ts";
import { mutant, type Mutant } from "../mutant.ts";
import { DESCRIBING, isDone, ofCredentials } from "./descriptions.ts";

const BIND: readonly Operation[] = ["bind"];

const later = { mode: "async" } as const;

/** Planted defects for the checks of spec.md, "Binding": what a binding tells an application. */
export const bindingInformationMutants: readonly Mutant[] = [
  mutant(
    "bind-info-returned-once",
    "Neither the bind nor a fetch tells the credentials.",
    alter(DESCRIBING, isDone, drop("credentials")),
    { also: ["bind-credentials-required"] },
  ),
  mutant(
    "bind-credentials-required",
    "Credentials are only told when a binding is fetched.",
    alter(BIND, isDone, drop("credentials")),
  ),
  mutant(
    "bind-endpoints-provided",
    "Credentials come without endpoints.",
    alter(DESCRIBING, isDone, drop("endpoints")),
  ),
  mutant(
    "bind-credentials-unique",
    "All bindings share one user.",
    ofCredentials((it) => ({ ...it, credentials: { username: "all", password: "same", host: "db.example.com" } })),
  ),
  mutant(
    "bind-hosts-and-ports-provided",
    "The endpoints name another host than the credentials.",
    ofCredentials((it) => ({ ...it, endpoints: [{ host: "replica.example.com", ports: ["5432"] }] })),
  ),
  mutant(
    "bind-202-no-credentials",
    "The 202 has the credentials already.",
    alter(BIND, is(202), set("credentials", { password: "early" })),
    { ...later, also: ["rotation-response-as-bind", "bind-identical-same-credentials"] },
  ),
];
