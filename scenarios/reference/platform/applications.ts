import type { World } from "../../../simulators/world.ts";
import type { DatabaseContents } from "../contents.ts";
import type { ModelBinding } from "../model.ts";

const TABLE = "ledger";

/** A session on the virtual data plane. */
type Session = ReturnType<World["dataservices"]["session"]>;

/** A write that its server breaks off may have taken effect or not. */
function isAcknowledgedBy(write: () => void): boolean {
  try {
    write();
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === "DataServiceError") return false;
    throw error;
  }
}

/** The tenants' applications, which use their bindings. */
export class Applications {
  readonly #world: World;
  #rows = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /** Writes rows, and notes those whose write was acknowledged. Returns false when the application can't log in. */
  write(binding: ModelBinding, count: number): boolean {
    const { instance } = binding;
    const session = this.open(binding);
    if (session === undefined) return false;
    for (let at = 0; at < count; at++) {
      const key = `${instance.id.slice(-4)}-${++this.#rows}`;
      const row = { row: this.#rows, tenant: instance.tenant };
      const isAcknowledged = isAcknowledgedBy(() => session.put(TABLE, key, row));
      const written = new Map([[key, JSON.stringify(row)]]);
      if (isAcknowledged) instance.holds.noteWrite(written);
      else {
        instance.holds.noteUnknownWrite(written);
        return true;
      }
    }
    session.close();
    return true;
  }

  /**
   * Opens a session with a binding's credentials; undefined when the database can't be reached or refuses them.
   *
   * @param at the address of the database. Default: that of the binding's host
   */
  open(binding: ModelBinding, at?: string): Session | undefined {
    const { credentials } = binding;
    if (credentials === undefined) return undefined;
    const address = at ?? this.#world.net.resolve(credentials.host);
    if (address === undefined) return undefined;
    if (at === undefined) binding.address = address;
    const { username, password, name: database = "", port } = credentials;
    try {
      const source = this.#world.plan.applications;
      return this.#world.dataservices.session(source, address, port, { username, password, database });
    } catch (error) {
      if (error instanceof Error && error.name === "DataServiceError") return undefined;
      throw error;
    }
  }

  /** Reads everything that the applications wrote. */
  read(session: Session): DatabaseContents {
    return new Map(session.read(TABLE).map(([key, row]) => [key, JSON.stringify(row)]));
  }
}
