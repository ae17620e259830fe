import { type Body, type HttpReply, type HttpRequest, json } from "../../kernel/index.ts";
import type { DataServices, FinishedLog } from "../behaviour/services.ts";
import type { Instance } from "../state.ts";
import { DataServiceError } from "../wire/errors.ts";
import { agentRoute, realServersOf, requirePrimary } from "./agent-route.ts";

/** Works on the log of an instance; what comes of it goes into the reply alone. @throws DataServiceError DS_NOT_SIMULATED on the virtual plane, and if none is kept */
function* onLog<T>(
  services: DataServices,
  instance: Instance,
  work: (log: FinishedLog) => Promise<T>,
): Body<T | undefined> {
  requirePrimary(services, instance);
  const real = realServersOf(services, instance);
  if (real === undefined) throw new DataServiceError("DS_NOT_SIMULATED", "the log of a virtual data service");
  return yield* services.realWork.awaitForReply(real.log(instance, work));
}

function* finish(services: DataServices, instance: Instance): Body<HttpReply> {
  const finished = yield* onLog(services, instance, (log) => log.finish());
  return json(200, { files: finished?.files, until_ms: finished?.untilMs });
}

function* read(services: DataServices, instance: Instance, { params }: HttpRequest): Body<HttpReply> {
  const body = yield* onLog(services, instance, (log) => log.read(params.file ?? ""));
  return { status: 200, headers: { "Content-Type": "application/octet-stream" }, body: body ?? "" };
}

/** Every node keeps the log until it is asked to forget it, because it may be the next primary. */
function* remove(services: DataServices, instance: Instance, { params }: HttpRequest): Body<HttpReply> {
  const { file = "" } = params;
  yield* onLog(services, instance, (log) => log.remove(file));
  return json(200, { file });
}

/** The log of an instance, file by file, for whoever collects it. */
export const logsRoutes = [
  agentRoute("POST", "/v1/log", finish),
  agentRoute("GET", "/v1/log/:file", read),
  agentRoute("DELETE", "/v1/log/:file", remove),
];
