import type { Operation } from "../../../client/answer.ts";
import { drop, instead, is, set, success } from "../changes.ts";
import { isAuthorized, isCreating } from "../conditions.ts";
import { alter, combine, pretend } from "../middleware.ts";
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
    "bind-info-returned-once",
    "It binds asynchronously, and its bindings cannot be fetched.",
    combine(
      alter(["catalog"], is(200), (response) => ({
        ...response,
        text: response.text.replaceAll('"bindings_retrievable":true', '"bindings_retrievable":false'),
      })),
      alter(["fetch-binding"], success, instead(404)),
    ),
    { ...later, id: "nobody-can-fetch-its-bindings" },
  ),
  mutant(
    "bind-creates-binding",
    "It crashes (500) on each bind.",
    pretend(BIND, isAuthorized, 500, { description: "A null pointer." }),
  ),
  mutant(
    "bind-creates-binding",
    "Each bind fails in the end.",
    alter(["poll-binding"], is(200), set("state", "failed"), isCreating),
    { ...later, id: "binds-always-fail" },
  ),
  mutant(
    "bind-credentials-required",
    "Credentials are returned only when a binding is fetched.",
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
