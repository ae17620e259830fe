import { BINDINGS } from "./entries/bindings.ts";
import { CATALOGS } from "./entries/catalogs.ts";
import { CREATION } from "./entries/creation.ts";
import { DELETIONS } from "./entries/deletions.ts";
import { FAILURES } from "./entries/failures.ts";
import { HEADERS } from "./entries/headers.ts";
import { INSTANCES } from "./entries/instances.ts";
import { OPERATIONS } from "./entries/operations.ts";
import { POLLS } from "./entries/polls.ts";
import { SOURCES } from "./entries/sources.ts";
import { UPDATES } from "./entries/updates.ts";
import type { FieldBroker } from "./field-broker.ts";

/** The field brokers by subject, in the order of the specification. */
export const FIELD_SUBJECTS: readonly { readonly title: string; readonly brokers: readonly FieldBroker[] }[] = [
  { title: "Logins, versions, identities", brokers: HEADERS },
  { title: "Catalogs", brokers: CATALOGS },
  { title: "Operations that take time", brokers: OPERATIONS },
  { title: "Polls", brokers: POLLS },
  { title: "Provisions and binds", brokers: CREATION },
  { title: "Instances", brokers: INSTANCES },
  { title: "Updates", brokers: UPDATES },
  { title: "Bindings", brokers: BINDINGS },
  { title: "Deletions", brokers: DELETIONS },
  { title: "Failures now and then", brokers: FAILURES },
  { title: "Seen in source", brokers: SOURCES },
];

/** Every field broker. */
export const FIELD_BROKERS: readonly FieldBroker[] = FIELD_SUBJECTS.flatMap(({ brokers }) => brokers);
