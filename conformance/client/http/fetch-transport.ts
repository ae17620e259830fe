import {
  BoundedBody,
  type RawRequest,
  type RawResponse,
  type SendOptions,
  TRANSPORT_LIMITS,
  type Transport,
  TransportError,
  tooLarge,
} from "./transport.ts";

/** The part of `fetch` that reaching a broker in process needs. */
export type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

async function bodyOf(response: Response, bytesMax: number): Promise<Uint8Array> {
  const body = new BoundedBody(bytesMax);
  for await (const chunk of response.body ?? []) {
    if (!body.add(chunk)) throw tooLarge(bytesMax);
  }
  return body.bytes();
}

/**
 * A transport over a given `fetch`, for a broker in the same process on virtual time. It sets no deadline of
 * its own: the owner of the clock decides how long to wait.
 */
export function fetchTransport(fetch: Fetch, bodyBytesMax = TRANSPORT_LIMITS.bodyBytesMax): Transport {
  return async (request: RawRequest, send: SendOptions = {}): Promise<RawResponse> => {
    if (send.signal?.aborted) throw new TransportError("aborted", "interrupted");
    const response = await fetch(request.url, {
      method: request.method,
      headers: request.headers,
      redirect: "manual",
      ...(request.body === undefined ? {} : { body: request.body }),
      ...(send.signal ? { signal: send.signal } : {}),
    }).catch((error: unknown) => {
      throw new TransportError("reset", String(error), { cause: error });
    });
    if (send.abandon) throw new TransportError("abandoned", "the client walked away");
    const headers = Object.fromEntries([...response.headers].map(([name, value]) => [name.toLowerCase(), value]));
    return { status: response.status, headers, body: await bodyOf(response, bodyBytesMax) };
  };
}
