import type { HttpReply } from "../../../kernel/index.ts";
import type { RequestContext, OpenStackRoute } from "../../service.ts";
import { admit, type Permission } from "../behaviour/access.ts";
import type { Swift } from "../state/state.ts";
import { refusal } from "../wire/errors.ts";
import { bareReply } from "../wire/headers.ts";
import { ALLOW } from "../wire/wire.ts";
import { postAccount, putAccount, readAccount } from "./accounts.ts";
import { bulkDelete, deleteLargeObject, extractArchive } from "./bulk.ts";
import { deleteContainer, postContainer, putContainer, readContainer } from "./containers.ts";
import { copyObject } from "./object-copies.ts";
import { readObject } from "./object-reads.ts";
import { deleteObject, postObject, putObject } from "./objects.ts";

/** `isSigned`: a temporary URL allows the request. */
type Handler = (swift: Swift, context: RequestContext, isSigned: boolean) => HttpReply;
type Methods = Readonly<Record<string, readonly [needs: Permission, handler: Handler]>>;

/** Picks a handler depending on whether the query has a flag. */
const whereFlagged =
  (flag: string, flagged: Handler, other: Handler): Handler =>
  (swift, context, isSigned) =>
    (context.query.has(flag) ? flagged : other)(swift, context, isSigned);

const refuseDelete: Handler = () => {
  throw refusal(403);
};

const ACCOUNT: Methods = {
  GET: ["own", readAccount],
  HEAD: ["own", readAccount],
  PUT: ["own", whereFlagged("extract-archive", extractArchive, putAccount)],
  POST: ["own", whereFlagged("bulk-delete", bulkDelete, postAccount)],
  DELETE: ["own", whereFlagged("bulk-delete", bulkDelete, refuseDelete)],
};

const CONTAINER: Methods = {
  GET: ["list", readContainer],
  HEAD: ["list", readContainer],
  PUT: ["own", whereFlagged("extract-archive", extractArchive, putContainer)],
  POST: ["own", postContainer],
  DELETE: ["own", deleteContainer],
};

const OBJECT: Methods = {
  GET: ["read", readObject],
  HEAD: ["read", readObject],
  PUT: ["write", whereFlagged("extract-archive", extractArchive, putObject)],
  POST: ["write", postObject],
  COPY: ["write", copyObject],
  DELETE: [
    "write",
    (swift, context) =>
      context.query.get("multipart-manifest") === "delete"
        ? deleteLargeObject(swift, context)
        : deleteObject(swift, context),
  ],
};

const PATHS: readonly (readonly [path: string, methods: Methods])[] = [
  ["/v1/:account", ACCOUNT],
  ["/v1/:account/", ACCOUNT],
  ["/v1/:account/:container", CONTAINER],
  ["/v1/:account/:container/", CONTAINER],
  ["/v1/:account/:container/*object", OBJECT],
];

/** Every method of accounts, containers and objects, with the right that it needs. */
export const storageRoutes = (swift: Swift): readonly OpenStackRoute[] =>
  PATHS.flatMap(([path, methods]): OpenStackRoute[] => [
    { method: "OPTIONS", path, open: true, handler: () => bareReply(200, { Allow: ALLOW }) },
    ...Object.entries(methods).map(
      ([method, [needs, handler]]): OpenStackRoute => ({
        method,
        path,
        open: true,
        handler: (context) => handler(swift, context, admit(swift, context, needs)),
      }),
    ),
  ]);
