import { REQUEST_IDENTITY } from "../memory-broker/http.ts";
import { header, success, withoutHeader } from "./changes.ts";
import { isRefusal } from "./errors.ts";
import { alter } from "./middleware.ts";
import { mutant, type Mutant } from "./mutant.ts";
import { ENDPOINTS } from "./operations.ts";

/** Planted defects for the checks of spec.md, "Request Identity". */
export const requestIdentityMutants: readonly Mutant[] = [
  mutant(
    "request-identity-echoed",
    "Errors lack the identity of the request.",
    alter(ENDPOINTS, isRefusal, withoutHeader(REQUEST_IDENTITY)),
  ),
  mutant(
    "request-identity-echoed",
    "Answers name the identity of another request.",
    alter(ENDPOINTS, success, header(REQUEST_IDENTITY, "5f0b4c8e-2222-4000-8000-000000000001")),
    { id: "echoes-another-identity" },
  ),
];
