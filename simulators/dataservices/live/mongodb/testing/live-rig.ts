import { MongoClient } from "mongodb";
import { DATABASE, LiveRig, PASSWORD, USER } from "../../testing/rig.ts";

/** One instance behind its agent, reached as a broker and an application reach it. */
export class MongoRig extends LiveRig {
  static open(parameters: Readonly<Record<string, unknown>> = {}): Promise<MongoRig> {
    return LiveRig.openAs((...parts) => new MongoRig(...parts), { kind: "mongodb", port: 27017, parameters });
  }

  /** A driver that is logged in as the tenant, to its database. */
  connect(username = USER, password = PASSWORD, address = this.address): Promise<MongoClient> {
    const uri = `mongodb://${username}:${password}@${address}:${this.port}/${DATABASE}`;
    return new MongoClient(uri, { serverSelectionTimeoutMS: 5000 }).connect();
  }
}
