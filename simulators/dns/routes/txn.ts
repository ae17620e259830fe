import type { HttpReply, Route } from "../../kernel/index.ts";
import type { Datacenter } from "../behaviour/datacenter.ts";
import type { Authorizer } from "../state/acl-authorizer.ts";
import type { ConsulCall, ConsulSim } from "../wire/call.ts";
import { answerAtOnce } from "../wire/handler.ts";
import { decodeJson } from "../wire/json/decode.ts";
import { JsonError, parseJson } from "../wire/json/parse.ts";
import { type Decoded, listOf, structOf } from "../wire/json/shape.ts";
import { HttpError, Refusal, refuseBadRequest } from "../wire/refusal.ts";
import type { ViewStyle } from "../wire/views.ts";
import { docsOf, kvView } from "./kv.ts";
import {
  CHECK_OPERATION,
  type CatalogOperation,
  catalogObjection,
  checkOperation,
  isCatalogWrite,
  NODE_OPERATION,
  nodeOperation,
  performCatalog,
  SERVICE_OPERATION,
  serviceOperation,
  type TxnResult,
} from "./txn-catalog.ts";
import { isKvWrite, KV_OPERATION, kvObjection, kvOperation, type KvOperation, performKv } from "./txn-kv.ts";

const BODY_BYTES_MAX = 512 * 1024;

const OPERATION = structOf("api.TxnOp", {
  KV: KV_OPERATION,
  Node: NODE_OPERATION,
  Service: SERVICE_OPERATION,
  Check: CHECK_OPERATION,
});
const OPERATIONS = listOf(OPERATION, "api.TxnOps");
type OperationFields = Decoded<typeof OPERATION>;

interface Failure {
  readonly OpIndex: number;
  readonly What: string;
}

type Operation = KvOperation | CatalogOperation;

/** What is asked for; undefined where the handler of the real one crashes, at an element that is null. @throws HttpError */
function operationsIn(call: ConsulCall): readonly Operation[] | undefined {
  const size = call.request.body.length;
  const { limits } = call.agent.options.config;
  const valueMax = limits?.kv_max_value_size ?? BODY_BYTES_MAX;
  const bytesMax = Math.max(limits?.txn_max_req_len ?? BODY_BYTES_MAX, valueMax);
  if (size > bytesMax)
    throw new HttpError(
      413,
      `Request body(${size} bytes) too large, max size: ${bytesMax} bytes. See ${docsOf(call)}#txn_max_req_len.`,
    );
  const list = parseOperations(call);
  if (list.length > 0 && hasNull(call.text)) return undefined;
  const { transactionOperationsMax: most } = call.agent.options.profile;
  if (list.length > most)
    throw new HttpError(413, `Transaction contains too many operations (${list.length} > ${most})`);
  const large = list.find(({ KV }) => (KV?.Value?.length ?? 0) > valueMax)?.KV;
  if (large !== undefined)
    throw new HttpError(413, `Value for key "${large.Key}" is too large (${large.Value?.length} > ${valueMax} bytes)`);
  return list.flatMap(operationsOf);
}

/** Whether a list has an element that is null. */
function hasNull(text: string): boolean {
  const json = parseJson(text);
  return json.kind === "array" && json.items.some(({ kind }) => kind === "null");
}

function parseOperations(call: ConsulCall): readonly OperationFields[] {
  try {
    return decodeJson(call.text, OPERATIONS) ?? [];
  } catch (error) {
    if (error instanceof JsonError) return refuseBadRequest(`Failed to parse body: ${error.message}`);
    throw error;
  }
}

/** The operation of an element; an empty element has none. */
function operationsOf(element: OperationFields): readonly Operation[] {
  if (element.KV !== undefined) return [kvOperation(element.KV)];
  if (element.Node !== undefined) return [nodeOperation(element.Node)];
  if (element.Service !== undefined) return [serviceOperation(element.Service)];
  return element.Check === undefined ? [] : [checkOperation(element.Check)];
}

/** The metadata of a read-only transaction's reading. `hasRun`: it was not refused beforehand. */
function metaOf(call: ConsulCall, hasRun: boolean): object {
  const meta = { LastContact: 0, KnownLeader: true, ConsistencyLevel: "" };
  if (!call.style.isToday) return { Index: 0, ...meta };
  const more = { NotModified: false, Backend: 0, ResultsFilteredByACLs: call.hasFiltered };
  return { Index: hasRun ? 1 : 0, ...meta, KnownLeader: hasRun, ...more };
}

const headersOf = (call: ConsulCall, hasRun: boolean): Readonly<Record<string, string>> => ({
  "X-Consul-Knownleader": String(hasRun || !call.style.isToday),
  "X-Consul-Lastcontact": "0",
});

/** All or nothing: an operation that fails undoes the others. */
function transact(call: ConsulCall): HttpReply {
  const list = operationsIn(call);
  if (list === undefined) return { status: 0, wire: { kind: "reset" } };
  if (call.flag("stale") && call.flag("consistent"))
    refuseBadRequest("Cannot specify ?stale with ?consistent, conflicting semantics.");
  const isRead = list.every((operation) => !isWrite(operation));
  const datacenter = call.datacenter();
  const authorizer = call.authorizer(datacenter);
  const refuse = (Errors: readonly Failure[], hasRun: boolean): HttpReply => {
    const meta = isRead ? metaOf(call, hasRun) : {};
    const type = call.style.isToday ? { "Content-Type": "application/json; charset=utf-8" } : {};
    const headers = { ...(isRead && headersOf(call, hasRun)), ...type };
    return call.unmarkedJson({ Results: null, Errors, ...meta }, headers, 409);
  };
  const refused = precheck(datacenter, authorizer, list, call.style.isToday);
  if (refused.length > 0) return refuse(refused, false);
  const { failures, results } = perform(datacenter, authorizer, list, isRead, call.style);
  if (failures.length > 0) return refuse(failures, true);
  const meta = isRead ? metaOf(call, true) : {};
  return call.unmarkedJson({ Results: results, Errors: null, ...meta }, isRead ? headersOf(call, true) : {});
}

const isWrite = (operation: Operation): boolean =>
  operation.kind === "KV" ? isKvWrite(operation) : operation.verb !== "get";

/** Refuses what can be refused before anything is tried: missing rights, empty keys, locks in their delay. */
function precheck(
  datacenter: Datacenter,
  authorizer: Authorizer,
  list: readonly Operation[],
  isToday: boolean,
): readonly Failure[] {
  return list.flatMap((operation, OpIndex) => {
    const What = objection(datacenter, authorizer, operation, isToday);
    return What === undefined ? [] : [{ OpIndex, What }];
  });
}

function objection(
  datacenter: Datacenter,
  authorizer: Authorizer,
  operation: Operation,
  isToday: boolean,
): string | undefined {
  return operation.kind === "KV"
    ? kvObjection(datacenter, authorizer, operation, isToday)
    : catalogObjection(datacenter, authorizer, operation);
}

interface Performed {
  readonly failures: readonly Failure[];
  readonly results: readonly TxnResult[];
}

function perform(
  datacenter: Datacenter,
  authorizer: Authorizer,
  list: readonly Operation[],
  isRead: boolean,
  style: ViewStyle,
): Performed {
  const undo = captureStores(datacenter, list);
  const index = isRead ? datacenter.store.index : datacenter.store.next();
  const failures: Failure[] = [];
  const results: TxnResult[] = [];
  for (const [OpIndex, operation] of list.entries()) {
    try {
      if (operation.kind !== "KV") {
        const found = performCatalog(datacenter, operation, index, style);
        if (seesResult(authorizer, datacenter, operation)) results.push(...found);
      } else
        for (const row of performKv(datacenter, operation, index))
          if (authorizer.sees("key", row.key)) results.push({ KV: kvView(row) });
    } catch (error) {
      const isRefusal = error instanceof Refusal || (error instanceof HttpError && error.status === 500);
      if (!isRefusal) throw error;
      failures.push({ OpIndex, What: error.message });
    }
  }
  if (failures.length > 0) undo();
  return { failures, results };
}

/** Whether the caller may see what became of a node, a service or a check. */
function seesResult(authorizer: Authorizer, { catalog }: Datacenter, { kind, node, id }: CatalogOperation): boolean {
  const entry = catalog.entry(node);
  const name =
    kind === "Service"
      ? entry?.services.get(id.toLowerCase())?.name
      : kind === "Check"
        ? entry?.checks.get(id.toLowerCase())?.serviceName
        : undefined;
  return name ? authorizer.sees("service", name) : authorizer.sees("node", node);
}

/** How to undo what a failing transaction has done. */
function captureStores({ kv, catalog }: Datacenter, list: readonly Operation[]): () => void {
  const undoKv = kv.capture();
  const undoCatalog = list.some((operation) => operation.kind !== "KV" && isCatalogWrite(operation))
    ? catalog.capture()
    : undefined;
  return () => {
    undoKv();
    undoCatalog?.();
  };
}

/** `/v1/txn` (Consul 1.8, "Transaction HTTP API"). */
export const TXN_ROUTES: readonly Route<ConsulSim>[] = [
  { method: "PUT", path: "/v1/txn", handler: answerAtOnce(transact) },
];
