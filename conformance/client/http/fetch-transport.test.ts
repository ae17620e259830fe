import { describe, expect, it } from "vitest";
import { fetchTransport } from "./fetch-transport.ts";

describe("the transport over a given fetch", () => {
  it("reads a body correctly if its producer reuses one buffer", async () => {
    const buffer = new Uint8Array(4);
    let read = 0;
    const body = new ReadableStream<Uint8Array>(
      {
        pull: (controller) => {
          if (read === 3) return controller.close();
          controller.enqueue(buffer.fill(97 + read++));
        },
      },
      { highWaterMark: 0 },
    );
    const send = fetchTransport(async () => new Response(body));
    const answer = await send({ method: "GET", url: "http://broker.test/v2/catalog", headers: {} });
    expect(Buffer.from(answer.body).toString()).toBe("aaaabbbbcccc");
  });
});
