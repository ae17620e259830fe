import { connect } from "node:net";
import { LiveRig, PASSWORD, USER } from "../../testing/rig.ts";
import type { EngineMaker } from "../../engine.ts";
import { redis } from "../engine.ts";
import { RespClient } from "../resp/client.ts";

/** One Redis behind its agent, reached as a broker and an application reach it. */
export class RedisRig extends LiveRig {
  static open(parameters: Readonly<Record<string, unknown>> = {}, engine: EngineMaker = redis): Promise<RedisRig> {
    const service = { kind: "redis", port: 6379, parameters, engines: [engine] } as const;
    return LiveRig.openAs((...parts) => new RedisRig(...parts), service);
  }

  /** A connection that has not logged in. */
  dial(address = this.address): RespClient {
    return new RespClient(connect(this.port, address));
  }

  /** A session of the tenant. */
  async connect(username = USER, password = PASSWORD, address = this.address): Promise<RespClient> {
    const client = this.dial(address);
    await client.ask("AUTH", username, password);
    return client;
  }
}
