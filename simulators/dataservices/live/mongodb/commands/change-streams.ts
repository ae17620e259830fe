import { Timestamp } from "bson";
import { runPipeline } from "../aggregation/pipeline.ts";
import type { Batch, ReadySource } from "../server/cursors.ts";
import type { Oplog } from "../server/oplog.ts";
import type { DocumentOperation, Operation } from "../storage/operations.ts";
import { documentUnder } from "../storage/store.ts";
import { type Document, type Draft, isDocument, type Value } from "../values/value.ts";
import { notSimulated, ServerError } from "../wire/errors.ts";
import { type Call, contextOf } from "./call.ts";
import { ALL, eventOf, noImage, type Place, placeOf, tokenOf } from "./change-events.ts";
import { openCursor } from "./cursors.ts";

interface StreamOptions {
  readonly database: string | undefined;
  readonly collection: string | undefined;
  readonly fullDocument: string;
  readonly before: string;
  readonly pipeline: readonly Value[];
}

const CHOICES: Readonly<Record<string, ReadonlySet<string>>> = {
  fullDocument: new Set(["default", "updateLookup", "whenAvailable", "required"]),
  fullDocumentBeforeChange: new Set(["off", "whenAvailable", "required"]),
};
const OPTIONS = new Set([
  "fullDocument",
  "fullDocumentBeforeChange",
  "resumeAfter",
  "startAfter",
  "startAtOperationTime",
  "allChangesForCluster",
  "showExpandedEvents",
]);

function choice(spec: Document, name: string, otherwise: string): string {
  const value = spec[name] ?? otherwise;
  if (typeof value === "string" && CHOICES[name]?.has(value)) return value;
  throw new ServerError("BadValue", `Enumeration value '${String(value)}' for field '${name}' is not a valid value.`);
}

/** Opens a change stream over a collection, a database or all. @throws ServerError InvalidResumeToken, ChangeStreamHistoryLost */
export function openChangeStream(
  call: Call,
  source: string | undefined,
  pipeline: readonly Value[],
  batchSize: number | undefined,
): Document {
  const [first, ...rest] = pipeline;
  const operand = isDocument(first) ? first.$changeStream : undefined;
  const spec: Document = isDocument(operand) ? operand : {};
  for (const name of Object.keys(spec))
    if (!OPTIONS.has(name))
      throw new ServerError("UnknownField", `BSON field '$changeStream.${name}' is an unknown field.`);
  if (spec.showExpandedEvents === true) throw notSimulated("showExpandedEvents of change streams");
  const isForAll = spec.allChangesForCluster === true;
  if (isForAll && (call.database !== "admin" || source !== undefined))
    throw new ServerError(
      "InvalidOptions",
      "A $changeStream with 'allChangesForCluster:true' may only be opened on the 'admin' database",
    );
  const options: StreamOptions = {
    database: isForAll ? undefined : call.database,
    collection: source,
    fullDocument: choice(spec, "fullDocument", "default"),
    before: choice(spec, "fullDocumentBeforeChange", "off"),
    pipeline: rest,
  };
  runPipeline(rest, [], contextOf(call, undefined));
  const place = startOf(call, spec);
  if (!call.server.oplog.remembers(place.time))
    throw new ServerError(
      "ChangeStreamHistoryLost",
      "Resume of change stream was not possible, as the resume point may no longer be in the oplog.",
    );
  const namespace = source === undefined ? `${call.database}.$cmd.aggregate` : `${call.database}.${source}`;
  return openCursor(call, namespace, new ChangeStream(call, options, place), {
    batchSize,
    isSingle: false,
    isTail: true,
  });
}

function startOf({ server }: Call, { resumeAfter, startAfter, startAtOperationTime }: Document): Place {
  if (resumeAfter !== undefined && startAfter !== undefined)
    throw new ServerError(50674, "Do not specify both 'resumeAfter' and 'startAfter' in a $changeStream stage");
  if (resumeAfter !== undefined || startAfter !== undefined) return placeOf(resumeAfter ?? startAfter);
  if (startAtOperationTime === undefined) return { time: server.store.time, done: ALL };
  if (!(startAtOperationTime instanceof Timestamp))
    throw new ServerError("TypeMismatch", "startAtOperationTime must be a timestamp");
  // Inclusive: from the last operation before that time.
  return { time: new Timestamp(startAtOperationTime.toBigInt() - 1n), done: ALL };
}

/** The events of a stream, as they happen. */
class ChangeStream implements ReadySource {
  readonly #call: Call;
  readonly #options: StreamOptions;
  #place: Place;
  #isInvalid = false;

  constructor(call: Call, options: StreamOptions, place: Place) {
    this.#call = call;
    this.#options = options;
    this.#place = place;
  }

  get #oplog(): Oplog {
    return this.#call.server.oplog;
  }

  next(count: number, waitMs: 0): Batch;
  next(count: number, waitMs: number): Batch | Promise<Batch>;
  next(count: number, waitMs: number): Batch | Promise<Batch> {
    const documents = this.#take(count);
    if (waitMs === 0 || documents.length > 0 || this.#isInvalid) return this.#batch(documents);
    return this.#await(count, waitMs);
  }

  async #await(count: number, waitMs: number): Promise<Batch> {
    const { server } = this.#call;
    const deadline = server.now + waitMs;
    for (;;) {
      await this.#oplog.wait(Math.max(1, deadline - server.now));
      const documents = this.#take(count);
      if (documents.length > 0 || this.#isInvalid || server.now >= deadline) return this.#batch(documents);
    }
  }

  #batch(documents: readonly Document[]): Batch {
    return { documents, isDone: this.#isInvalid, resumeToken: tokenOf(this.#place) };
  }

  #take(count: number): readonly Document[] {
    if (!this.#oplog.remembers(this.#place.time))
      throw new ServerError("ChangeStreamHistoryLost", "the change stream has fallen behind what the server remembers");
    const made: Document[] = [];
    const before = new Timestamp(this.#place.time.toBigInt() - 1n);
    for (const entry of this.#oplog.after(before)) {
      const isSame = entry.time.equals(this.#place.time);
      for (const [at, operation] of entry.operations.entries()) {
        if ((isSame && at < this.#place.done) || this.#isInvalid) continue;
        if (made.length >= count) return made;
        this.#place = { time: entry.time, done: at + 1 };
        made.push(...this.#events(operation, entry.wallMs));
      }
      if (this.#place.time.compare(entry.time) < 0) this.#place = { time: entry.time, done: ALL };
    }
    return made;
  }

  #events(operation: Operation, wallMs: number): readonly Document[] {
    const { database, collection } = this.#options;
    if (database !== undefined && operation.database !== database) return [];
    if (collection !== undefined && "collection" in operation && operation.collection !== collection) return [];
    const event = eventOf(operation);
    if (event === undefined) return [];
    const time = this.#place.time;
    const shown = {
      _id: tokenOf(this.#place),
      ...event,
      clusterTime: time,
      wallTime: new Date(wallMs),
      ...this.#images(operation),
    };
    const context = contextOf(this.#call, undefined);
    const events = [...runPipeline(this.#options.pipeline, [shown], context)];
    const isEnd =
      collection === undefined
        ? event.operationType === "dropDatabase" && database !== undefined
        : ["drop", "rename", "dropDatabase"].includes(String(event.operationType));
    if (isEnd) {
      this.#isInvalid = true;
      events.push(
        ...runPipeline(
          this.#options.pipeline,
          [{ _id: tokenOf(this.#place), operationType: "invalidate", clusterTime: time, wallTime: new Date(wallMs) }],
          context,
        ),
      );
    }
    for (const each of events)
      if (each._id === undefined)
        throw new ServerError(
          "ChangeStreamFatalError",
          "Encountered an event whose _id field, which contains the resume token, was modified by the pipeline.",
        );
    return events;
  }

  /** The documents before and after the change, if the stream asks for them. */
  #images(operation: Operation): Document {
    const made: Draft = {};
    if (operation.kind === "update" && this.#options.fullDocument !== "default")
      made.fullDocument = this.#fullDocument(operation);
    const isChange = operation.kind === "update" || operation.kind === "replace" || operation.kind === "delete";
    if (isChange && this.#options.before !== "off") {
      const before = this.#hasImages(operation) ? operation.before : undefined;
      if (before === undefined && this.#options.before === "required") throw noImage();
      made.fullDocumentBeforeChange = before ?? null;
    }
    return made;
  }

  #fullDocument(operation: DocumentOperation): Value {
    const { catalog, reader } = this.#call.server.store;
    if (this.#options.fullDocument === "updateLookup") {
      const collection = catalog.find(operation.database, operation.collection);
      return (collection && documentUnder(collection, operation.id, reader)) ?? null;
    }
    if (this.#hasImages(operation)) return operation.document;
    if (this.#options.fullDocument === "required") throw noImage();
    return null;
  }

  #hasImages({ database, collection }: { readonly database: string; readonly collection: string }): boolean {
    const images = this.#call.server.store.catalog.find(database, collection)?.options.changeStreamPreAndPostImages;
    return isDocument(images) && images.enabled === true;
  }
}
