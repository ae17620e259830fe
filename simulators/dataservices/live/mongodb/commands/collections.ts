import { Binary } from "bson";
import { compileMatch } from "../aggregation/context.ts";
import { runPipeline } from "../aggregation/pipeline.ts";
import { Rows } from "../server/cursors.ts";
import { mayDo } from "../auth/roles.ts";
import { Collection, requireName } from "../storage/collection.ts";
import { readCollation } from "../query/collation.ts";
import { byCodePoint } from "../values/compare.ts";
import { type Document, isArray, isDocument, isTruthy } from "../values/value.ts";
import { notSimulated, ServerError } from "../wire/errors.ts";
import { type Call, collectionName, type CommandTable, contextOf, OK } from "./call.ts";
import { openCursor } from "./cursors.ts";
import { countIn, documentIn, type Fields, isOn, requireText } from "./fields.ts";
import { databaseBytes } from "./statistics.ts";

/** Options of `create` that are stored. */
const KEPT = new Set([
  "validator",
  "validationLevel",
  "validationAction",
  "collation",
  "viewOn",
  "pipeline",
  "changeStreamPreAndPostImages",
]);
/** Options that a real server has and this engine lacks. */
const ABSENT = [
  "capped",
  "timeseries",
  "clusteredIndex",
  "encryptedFields",
  "size",
  "max",
  "storageEngine",
  "expireAfterSeconds",
];

const CREATE_FIELDS: Fields = {
  validator: "object",
  validationLevel: "string",
  validationAction: "string",
  collation: "object",
  viewOn: "string",
  pipeline: "array",
  changeStreamPreAndPostImages: "object",
  indexOptionDefaults: "object",
  autoIndexId: "bool",
  idIndex: "object",
  ...Object.fromEntries(ABSENT.map((name) => [name, "any" as const])),
};

function refuseAbsent(body: Document): void {
  for (const name of ABSENT) if (isTruthy(body[name] ?? null)) throw notSimulated(`the option ${name} of a collection`);
}

/** The options as `listCollections` shows them. @throws ServerError for invalid options */
function optionsOf(call: Call): Document {
  const { body } = call;
  refuseAbsent(body);
  const kept = Object.fromEntries(Object.entries(body).filter(([name]) => KEPT.has(name)));
  const collation = readCollation(body.collation);
  if (isArray(body.pipeline) && body.viewOn === undefined)
    throw new ServerError("InvalidOptions", "'pipeline' cannot be specified without 'viewOn'");
  // A view's pipeline is tried once, so that every existing view can be read.
  if (isArray(body.pipeline)) runPipeline(body.pipeline, [], contextOf(call, undefined));
  const { collation: _given, ...others } = kept;
  return collation === undefined ? others : { ...others, collation: collation.spec };
}

function create(call: Call): Document {
  const { server, database } = call;
  const name = collectionName(call);
  requireName(database, "database");
  if (name.startsWith("system."))
    throw new ServerError("InvalidNamespace", `cannot create the system collection ${database}.${name}`);
  const options = optionsOf(call);
  const there = server.store.catalog.find(database, name);
  if (there !== undefined) {
    if (JSON.stringify(there.options, jsonValue) === JSON.stringify(options, jsonValue)) return OK;
    throw new ServerError("NamespaceExists", `Collection ${database}.${name} already exists.`);
  }
  const uuid = crypto.randomUUID().replaceAll("-", "");
  // A validator that can't be compiled must not reach the log.
  new Collection(database, name, uuid, options);
  server.store.change({ kind: "create", database, collection: name, uuid, options });
  return OK;
}

/** JSON knows no int64. */
const jsonValue = (_key: string, value: unknown): unknown => (typeof value === "bigint" ? String(value) : value);

function drop(call: Call): Document {
  const { server, database } = call;
  const name = collectionName(call);
  const there = server.store.catalog.find(database, name);
  if (there === undefined) return OK;
  const nIndexesWas = there.indexes.size;
  server.store.change({ kind: "drop", database, collection: name });
  server.cursors.closeWhere(({ namespace, isTail }) => namespace === `${database}.${name}` && !isTail);
  return { ...(there.isView ? {} : { nIndexesWas }), ns: `${database}.${name}`, ...OK };
}

function dropDatabase({ server, database }: Call): Document {
  const { catalog } = server.store;
  const collections = catalog.collections(database);
  if (collections.length === 0) return OK;
  for (const { name } of collections) server.store.change({ kind: "drop", database, collection: name });
  server.store.change({ kind: "dropDatabase", database });
  server.cursors.closeWhere(({ namespace, isTail }) => namespace.startsWith(`${database}.`) && !isTail);
  return { dropped: database, ...OK };
}

function rename({ server, body }: Call): Document {
  const [from, to] = [
    requireText("renameCollection", body, "renameCollection"),
    requireText("renameCollection", body, "to"),
  ].map((namespace) => {
    const [database = "", ...rest] = namespace.split(".");
    return { database: requireName(database, "database"), collection: requireName(rest.join("."), "collection") };
  });
  if (from === undefined || to === undefined || (from.database === to.database && from.collection === to.collection))
    throw new ServerError("IllegalOperation", "Can't rename a collection to itself");
  const { catalog } = server.store;
  if (catalog.find(from.database, from.collection) === undefined)
    throw new ServerError("NamespaceNotFound", `Source collection ${from.database}.${from.collection} does not exist`);
  if (catalog.find(to.database, to.collection) !== undefined) {
    if (!isOn(body, "dropTarget")) throw new ServerError("NamespaceExists", "target namespace exists");
    server.store.change({ kind: "drop", ...to });
  }
  server.store.change({ kind: "rename", ...from, to });
  return OK;
}

/** Changes options of a collection or an index. */
function modify(call: Call): Document {
  const { server, body, database } = call;
  const name = collectionName(call);
  const collection = server.store.catalog.require(database, name);
  const { index } = body;
  if (isDocument(index)) return modifyIndex(call, collection, index);
  refuseAbsent(body);
  const changes = Object.fromEntries(Object.entries(body).filter(([field]) => KEPT.has(field)));
  const options = { ...collection.options, ...changes };
  new Collection(database, name, collection.uuid, options);
  server.store.change({ kind: "modify", database, collection: name, options });
  return OK;
}

function modifyIndex({ server, database }: Call, collection: Collection, change: Document): Document {
  const index = [...collection.indexes.values()].find(
    ({ spec }) =>
      spec.name === change.name ||
      (isDocument(change.keyPattern) && JSON.stringify(spec.key) === JSON.stringify(change.keyPattern)),
  );
  if (index === undefined)
    throw new ServerError(
      "IndexNotFound",
      `cannot find index ${String(change.name ?? "")} for ns ${collection.namespace}`,
    );
  const { expireAfterSeconds, hidden, unique } = change;
  if (unique !== undefined || change.prepareUnique !== undefined) throw notSimulated("collMod of an index to unique");
  const options: Document = {
    ...index.spec.options,
    ...(expireAfterSeconds === undefined ? {} : { expireAfterSeconds }),
    ...(hidden === undefined ? {} : { hidden }),
  };
  server.store.change({ kind: "dropIndex", database, collection: collection.name, index: index.spec.name });
  server.store.change({ kind: "createIndex", database, collection: collection.name, index: options });
  return { ...(expireAfterSeconds === undefined ? {} : { expireAfterSeconds_new: expireAfterSeconds }), ...OK };
}

function shownCollection({ name, isView, options, uuid }: Collection): Document {
  const type = isView ? "view" : "collection";
  if (isView) return { name, type, options, info: { readOnly: true } };
  return {
    name,
    type,
    options,
    info: { readOnly: false, uuid: new Binary(Buffer.from(uuid, "hex"), Binary.SUBTYPE_UUID) },
    idIndex: { v: 2, key: { _id: 1 }, name: "_id_" },
  };
}

function listCollections(call: Call): Document {
  const { server, body, database } = call;
  const isNameOnly = isOn(body, "nameOnly");
  const fits = compileMatch(documentIn(body, "filter") ?? {}, { texts: byCodePoint, variables: {} });
  const all = server.store.catalog.collections(database).map(shownCollection);
  const rows = all
    .filter((each) => fits(each))
    .map(({ name, type, ...rest }) => (isNameOnly ? { name, type } : { name, type, ...rest }));
  const batchSize = countIn(documentIn(body, "cursor") ?? {}, "batchSize");
  return openCursor(call, `${database}.$cmd.listCollections`, new Rows(rows), { batchSize, isSingle: false });
}

function listDatabases(call: Call): Document {
  const { server, client, body } = call;
  const fits = compileMatch(documentIn(body, "filter") ?? {}, { texts: byCodePoint, variables: {} });
  const { principal } = client;
  const isSeen = (name: string): boolean =>
    !server.options.requiresLogin ||
    (principal !== undefined && (mayDo(principal, "monitor", name) || mayDo(principal, "inspect", name)));
  const rows = server.store.catalog.databases
    .filter(isSeen)
    .map((name): Document => {
      const bytes = databaseBytes(call, name);
      return { name, sizeOnDisk: BigInt(bytes), empty: bytes === 0 };
    })
    .filter((each) => fits(each));
  if (isOn(body, "nameOnly")) return { databases: rows.map(({ name }) => ({ name })), ...OK };
  const totalSize = rows.reduce((sum, { sizeOnDisk }) => sum + Number(sizeOnDisk), 0);
  return {
    databases: rows,
    totalSize: BigInt(totalSize),
    totalSizeMb: BigInt(Math.floor(totalSize / 1024 / 1024)),
    ...OK,
  };
}

/** Commands of collections and databases. */
export const COLLECTION_COMMANDS: CommandTable = {
  create: { action: "define", fields: CREATE_FIELDS, isForTransactions: true, run: create },
  drop: { action: "define", fields: {}, run: drop },
  dropDatabase: { action: "administer", fields: {}, run: dropDatabase },
  renameCollection: { action: "define", fields: { to: "string", dropTarget: "bool" }, isForAdmin: true, run: rename },
  collMod: {
    action: "administer",
    fields: {
      ...CREATE_FIELDS,
      index: "object",
      dryRun: "bool",
      cappedSize: "any",
      cappedMax: "any",
      prepareUnique: "bool",
    },
    run: modify,
  },
  listCollections: {
    action: "inspect",
    fields: { filter: "object", nameOnly: "bool", authorizedCollections: "bool", cursor: "object", rawData: "bool" },
    run: listCollections,
  },
  listDatabases: {
    action: "anybody",
    fields: { filter: "object", nameOnly: "bool", authorizedDatabases: "bool" },
    isForAdmin: true,
    run: listDatabases,
  },
};
