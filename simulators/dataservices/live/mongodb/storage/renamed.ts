import { type Document, isArray, isDocument, type Value } from "../values/value.ts";

/** Databases of the server itself. */
const SYSTEM = new Set(["admin", "config", "local"]);

const operationsOf = ({ ops }: Document): readonly Value[] => (isArray(ops) ? ops : []);

/** The places in which operations name their database: one for the catalog, and one for documents. */
const MEMBERS = ["database", "db"] as const;

const memberOf = (operation: Value): (typeof MEMBERS)[number] | undefined =>
  isDocument(operation) ? MEMBERS.find((member) => typeof operation[member] === "string") : undefined;

function databaseOf(operation: Value): string | undefined {
  const member = memberOf(operation);
  return member === undefined || !isDocument(operation) ? undefined : String(operation[member]);
}

/**
 * Renames the only database of an image. A tenant has only the database of its instance, so in another
 * instance its data belong into the database of that one. An image with several databases is left alone.
 */
export function renamedTo(documents: readonly Document[], name: string): readonly Document[] {
  const names = new Set(documents.flatMap(operationsOf).map(databaseOf));
  const own = [...names].filter((each) => each !== undefined && !SYSTEM.has(each));
  const [from] = own;
  if (own.length !== 1 || from === name) return documents;
  const rename = (operation: Value): Value => {
    const member = memberOf(operation);
    if (member === undefined || !isDocument(operation) || operation[member] !== from) return operation;
    return { ...operation, [member]: name };
  };
  return documents.map((document) =>
    isArray(document.ops) ? { ...document, ops: document.ops.map(rename) } : document,
  );
}
