import { all, isKnown, not, sendsHeader } from "./conditions.ts";
import { pretend, refuse, type When } from "./middleware.ts";
import { mutant, type Mutant } from "./mutant.ts";
import { keyOf } from "./operations.ts";

const ORIGINATING_IDENTITY = "x-broker-api-originating-identity";

const hasPlatform =
  (name: string): When =>
  ({ headers }) =>
    headers[ORIGINATING_IDENTITY]?.startsWith(name) === true;

/** Planted defects for the checks of spec.md, "Originating Identity". */
export const originatingIdentityMutants: readonly Mutant[] = [
  mutant(
    "originating-identity-optional-on-non-user-requests",
    "Breaks on the deletion of an unknown instance when nobody is named who wants it.",
    pretend(
      ["deprovision"],
      all(not(isKnown), not(sendsHeader(ORIGINATING_IDENTITY)), (request, { pending }) => !pending.has(keyOf(request))),
      500,
    ),
    {
      also: [
        "deprovision-410-unknown",
        "orphan-delete-after-5xx-provision",
        "orphan-broker-knows-only-platform-resources",
        "error-appropriate-status",
      ],
    },
  ),
  mutant(
    "originating-identity-accepted",
    "Refuses requests that name a user.",
    refuse(["provision", "bind"], sendsHeader(ORIGINATING_IDENTITY)),
  ),
  mutant(
    "originating-identity-accepted",
    "Refuses users of Kubernetes.",
    refuse(["provision", "bind"], hasPlatform("kubernetes")),
    { id: "no-kubernetes-users" },
  ),
];
