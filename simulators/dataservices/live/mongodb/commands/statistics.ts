import { sizeOf } from "../server/cursors.ts";
import type { Collection } from "../storage/collection.ts";
import { type Document, isDocument, numberOf, type Value } from "../values/value.ts";
import { notSimulated, ServerError } from "../wire/errors.ts";
import { type Call, collectionName, type CommandTable, OK } from "./call.ts";
import { countIn } from "./fields.ts";

interface Sizes {
  readonly count: number;
  readonly size: number;
}

function sizesOf(collection: Collection): Sizes {
  const documents = collection.committedDocuments;
  return { count: documents.length, size: documents.reduce((total, document) => total + sizeOf(document), 0) };
}

/** The approximate size of an index entry here, in bytes. */
const ENTRY_BYTES = 64;

function statisticsOf(collection: Collection | undefined, namespace: string, factor: number): Document {
  const { count, size } = collection === undefined ? { count: 0, size: 0 } : sizesOf(collection);
  const indexes = [...(collection?.indexes.keys() ?? [])];
  const scale = (bytes: number): number => Math.floor(bytes / factor);
  return {
    ns: namespace,
    size: scale(size),
    count,
    avgObjSize: count === 0 ? 0 : Math.floor(size / count),
    storageSize: scale(size),
    freeStorageSize: 0,
    capped: false,
    nindexes: indexes.length,
    indexBuilds: [],
    totalIndexSize: scale(indexes.length * count * ENTRY_BYTES),
    totalSize: scale(size + indexes.length * count * ENTRY_BYTES),
    indexSizes: Object.fromEntries(indexes.map((name) => [name, scale(count * ENTRY_BYTES)])),
    scaleFactor: factor,
  };
}

const scaleOf = (body: Document): number => Math.max(1, countIn(body, "scale") ?? 1);

/** The document of `$collStats`. @throws ServerError for a collection that does not exist */
export function collectionStatistics({ server, database }: Call, name: string, operand: Value): readonly Document[] {
  const collection = server.store.catalog.find(database, name);
  const spec: Document = isDocument(operand) ? operand : {};
  if (collection === undefined && Object.hasOwn(spec, "count"))
    throw new ServerError(
      "NamespaceNotFound",
      `Unable to retrieve count in $collStats stage :: caused by :: Collection [${database}.${name}] not found.`,
    );
  if (Object.hasOwn(spec, "latencyStats") || Object.hasOwn(spec, "queryExecStats"))
    throw notSimulated("latencyStats of $collStats");
  const scale = isDocument(spec.storageStats) ? scaleOf(spec.storageStats) : 1;
  return [
    {
      ns: `${database}.${name}`,
      localTime: new Date(server.now),
      ...(Object.hasOwn(spec, "storageStats")
        ? { storageStats: statisticsOf(collection, `${database}.${name}`, scale) }
        : {}),
      ...(Object.hasOwn(spec, "count") ? { count: collection === undefined ? 0 : sizesOf(collection).count } : {}),
    },
  ];
}

/** The documents of `$indexStats`. */
export function indexStatistics({ server, database }: Call, name: string): readonly Document[] {
  const since = new Date(server.startedMs);
  return [...(server.store.catalog.find(database, name)?.indexes.values() ?? [])].map(({ spec, uses }) => ({
    name: spec.name,
    key: spec.key,
    accesses: { ops: BigInt(uses), since },
    spec: spec.options,
  }));
}

function databaseStatistics({ server, database, body }: Call): Document {
  const scale = scaleOf(body);
  const collections = server.store.catalog.collections(database).filter(({ isView }) => !isView);
  const sizes = collections.map(sizesOf);
  const total = (name: keyof Sizes): number => sizes.reduce((sum, each) => sum + each[name], 0);
  const indexes = collections.reduce((sum, { indexes: own }) => sum + own.size, 0);
  const indexSize = collections.reduce(
    (sum, { indexes: own }, at) => sum + own.size * (sizes[at]?.count ?? 0) * ENTRY_BYTES,
    0,
  );
  return {
    db: database,
    collections: collections.length,
    views: server.store.catalog.collections(database).length - collections.length,
    objects: total("count"),
    avgObjSize: total("count") === 0 ? 0 : total("size") / total("count"),
    dataSize: total("size") / scale,
    storageSize: total("size") / scale,
    indexes,
    indexSize: indexSize / scale,
    totalSize: (total("size") + indexSize) / scale,
    scaleFactor: scale,
    fsUsedSize: server.diskBytes,
    fsTotalSize: Number.isFinite(server.limits.diskBytesMax) ? server.limits.diskBytesMax : server.diskBytes,
    ...OK,
  };
}

/** Bytes of a database's documents. */
export const databaseBytes = ({ server }: Pick<Call, "server">, database: string): number =>
  server.store.catalog.collections(database).reduce((sum, collection) => sum + sizesOf(collection).size, 0);

/** Commands that measure. */
export const STATISTICS_COMMANDS: CommandTable = {
  collStats: {
    action: "inspect",
    fields: { scale: "number" },
    run: (call) => {
      const name = collectionName(call);
      const namespace = `${call.database}.${name}`;
      return {
        ...statisticsOf(call.server.store.catalog.find(call.database, name), namespace, scaleOf(call.body)),
        ...OK,
      };
    },
  },
  dbStats: { action: "inspect", fields: { scale: "number", freeStorage: "number" }, run: databaseStatistics },
  dbstats: { action: "inspect", fields: { scale: "number", freeStorage: "number" }, run: databaseStatistics },
  dataSize: {
    action: "find",
    fields: { keyPattern: "object", min: "object", max: "object", estimate: "bool" },
    run: ({ server, body }) => {
      const [database = "", ...rest] = String(body.dataSize).split(".");
      const collection = server.store.catalog.find(database, rest.join("."));
      if (isDocument(body.min) || isDocument(body.max)) throw notSimulated("dataSize of a range");
      const { count, size } = collection === undefined ? { count: 0, size: 0 } : sizesOf(collection);
      return { size, numObjects: count, millis: 0, estimate: numberOf(body.estimate) === 1, ...OK };
    },
  },
};
