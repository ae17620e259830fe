import { once } from "node:events";
import { connect } from "node:net";
import { Redis } from "ioredis";
import { MongoClient } from "mongodb";
import { generate } from "selfsigned";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Kind } from "../state.ts";
import { DATABASE, LiveRig, PASSWORD, USER } from "./testing/rig.ts";

const NAME = "d1-0.node.dc1.consul";

class Rig extends LiveRig {
  static open(kind: Kind, port: number, tls: object): Promise<Rig> {
    return LiveRig.openAs((...parts) => new Rig(...parts), { kind, port, parameters: { tls } });
  }
}

const SERVICES: readonly (readonly [Kind, number])[] = [
  ["redis", 6379],
  ["mongodb", 27017],
];

describe.each(SERVICES)("an instance of %s whose plan speaks TLS", (kind, port) => {
  let rig: Rig;
  let ca: string;

  beforeAll(async () => {
    const authority = await generate([{ name: "commonName", value: "test CA" }], {
      keyType: "ec",
      algorithm: "sha256",
      extensions: [{ name: "basicConstraints", cA: true, critical: true }],
    });
    const own = await generate([{ name: "commonName", value: NAME }], {
      keyType: "ec",
      algorithm: "sha256",
      ca: { key: authority.private, cert: authority.cert },
      extensions: [{ name: "subjectAltName", altNames: [{ type: 2, value: NAME }] }],
    });
    ca = authority.cert;
    rig = await Rig.open(kind, port, { certificate: own.cert, private_key: own.private, names: [NAME] });
  });
  afterAll(() => rig?.close());

  /** Writes and reads a value with the official client. */
  const use = async (servername: string): Promise<unknown> => {
    if (kind === "redis") {
      const tls = { ca, servername };
      const redis = new Redis({
        host: rig.address,
        port,
        username: USER,
        password: PASSWORD,
        tls,
        retryStrategy: null,
      });
      try {
        redis.on("error", () => {});
        await redis.set("k", "v");
        return await redis.get("k");
      } finally {
        redis.disconnect();
      }
    }
    const client = new MongoClient(`mongodb://${USER}:${PASSWORD}@${servername}:${port}/${DATABASE}`, {
      tls: true,
      // Discovers the node's name, which is the one in the certificate.
      lookup: (_host, options, done) =>
        options.all ? done(null, [{ address: rig.address, family: 4 }]) : done(null, rig.address, 4),
      serverSelectionTimeoutMS: 3000,
      secureContext: (await import("node:tls")).createSecureContext({ ca }),
    });
    try {
      const { insertedId } = await client.db(DATABASE).collection("c").insertOne({ x: "v" });
      return (await client.db(DATABASE).collection("c").findOne({ _id: insertedId }))?.x;
    } finally {
      await client.close();
    }
  };

  it("serves a client that verifies the name of the node, and no other name", async () => {
    expect(await use(NAME)).toBe("v");
    await expect(use("other.example")).rejects.toThrow(/altname|closed/);
  });

  it("ends connections that go on without encryption", async () => {
    const socket = connect(port, rig.address);
    socket.on("error", () => {});
    let received = "";
    socket.on("data", (chunk) => (received += chunk.toString("latin1")));
    socket.write("PING\r\n");
    await once(socket, "close");
    expect(received).not.toContain("PONG");
    expect(received).not.toContain("NOAUTH");
  });
});
