import { request as requestPlain } from "node:http";
import { request as requestSecured } from "node:https";
import { DataError, type WebAnswer, type WebRequest } from "./plane.ts";
import { codeOf, NOT_OURS, nowhere } from "./probe-port.ts";

/** The most that is read of an answer, in bytes. */
const ANSWER_BYTES_MAX = 1024 * 1024;

/**
 * Sends an HTTP request from a local address, without verifying certificates.
 * @throws DataError unreachable, nowhere
 */
export function askWeb(
  { method, url, body }: WebRequest,
  source: string | undefined,
  msMax: number,
): Promise<WebAnswer> {
  const send = url.startsWith("https:") ? requestSecured : requestPlain;
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void => {
      const isNowhere = source !== undefined && NOT_OURS.has(codeOf(error));
      const message = error instanceof Error ? error.message : String(error);
      reject(isNowhere ? nowhere(source) : new DataError("unreachable", message, undefined, { cause: error }));
    };
    const options = {
      method,
      signal: AbortSignal.timeout(msMax),
      rejectUnauthorized: false,
      ...(source !== undefined && { localAddress: source }),
      ...(body !== undefined && { headers: { "content-type": "application/json" } }),
    };
    const asked = send(url, options, (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes <= ANSWER_BYTES_MAX) chunks.push(chunk);
        else response.destroy(new Error("the answer is too long"));
      });
      response.once("end", () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8") }),
      );
      response.once("error", fail);
    });
    asked.once("error", fail);
    asked.end(body);
  });
}
