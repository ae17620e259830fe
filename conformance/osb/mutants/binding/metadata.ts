import type { Operation } from "../../../client/answer.ts";
import { mutant, type Mutant } from "../mutant.ts";
import { ofMetadata } from "./descriptions.ts";

const BIND: readonly Operation[] = ["bind"];

/** Planted defects for the checks of spec.md, "Binding Metadata Object". */
export const bindingMetadataMutants: readonly Mutant[] = [
  mutant(
    "bind-metadata-no-connection-data",
    "The metadata of a binding has the password.",
    ofMetadata({ password: "secret" }, BIND),
  ),
  mutant(
    "binding-expires-at-future",
    "A new binding has expired long ago.",
    ofMetadata({ expires_at: "2001-01-02T03:04:05.0Z", renew_before: "2001-01-01T03:04:05.0Z" }),
  ),
  mutant(
    "binding-renew-before-not-after-expiry",
    "A binding is to be renewed after it has expired.",
    ofMetadata({ renew_before: "2999-02-01T03:04:05.0Z" }),
  ),
  mutant(
    "binding-renew-window",
    "A binding is to be renewed in the moment in which it expires.",
    ofMetadata({ renew_before: "2999-01-02T03:04:05.0Z" }),
  ),
];
