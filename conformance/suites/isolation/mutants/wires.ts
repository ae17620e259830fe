import { reply, type WireRequest } from "../../../osb/memory-broker/http.ts";
import type { Wire } from "../../toy/mutants.ts";

/** Whether a request is about an instance. */
export const isProvision = ({ method, path }: WireRequest): boolean => method === "PUT" && path.length === 3;

/** Whether a request is about one binding. */
export const isOfBinding = ({ path }: WireRequest): boolean => path[3] === "service_bindings" && path.length === 5;

/** Answers requests of one kind wrongly. */
export const answering =
  (isMeant: (request: WireRequest) => boolean, status: number, body: object): Wire =>
  async (request, next) =>
    isMeant(request) ? reply(status, body) : next(request);
