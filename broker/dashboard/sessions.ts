import { hash } from "node:crypto";
import type { OperationContext } from "../operations/context.ts";
import { randomHex } from "../osb/ids.ts";
import type { DashboardSessionRow } from "../store/schema.ts";
import { openText, type Seal, sealText } from "../store/seal.ts";
import type { LoggedIn } from "./platform.ts";

/** A user in front of dashboards. */
export interface DashboardSession {
  /** Name of its row: a digest of what the browser holds, so that knowing the store alone admits nobody. */
  readonly id: string;
  readonly userName: string;
  readonly token: string;
  /** The token that each form carries, so that no other site can send one. */
  readonly formToken: string;
}

/** A session ends with the platform's token, and after this time at the latest: then the platform is asked again who the user is. */
const SESSION_MS_MAX = 600_000;
const SECRET_BYTES = 32;

/** The sessions of dashboards, in the store: a logout applies to every process. */
export interface Sessions {
  /** Returns what the browser must keep, and for how long, in ms. */
  begin(user: LoggedIn): Promise<{ readonly secret: string; readonly lastsMs: number }>;
  /** Undefined for one that has ended. */
  find(secret: string | undefined): Promise<DashboardSession | undefined>;
  end(session: DashboardSession): Promise<void>;
}

const idOf = (secret: string): string => hash("sha256", `session ${secret}`);

/** @param seal seals tokens, so that nobody can read them from the store */
export function createSessions(context: OperationContext, seal: Seal): Sessions {
  const { store, host } = context;
  const open = (row: DashboardSessionRow, secret: string): DashboardSession | undefined => {
    try {
      const formToken = hash("sha256", `form ${secret}`);
      return { id: row.id, userName: row.user_name, token: openText(seal, row.token), formToken };
    } catch {
      // Its key was taken out of the key ring.
      return undefined;
    }
  };
  return {
    async begin({ userName, token, lastsMs }) {
      const secret = randomHex(context, SECRET_BYTES);
      const nowMs = host.nowMs();
      const ms = Math.min(SESSION_MS_MAX, lastsMs);
      await store.forgetDashboardSessionsBefore(nowMs);
      const row = { id: idOf(secret), user_name: userName, token: sealText(seal, token), expires_ms: nowMs + ms };
      await store.addDashboardSession(row);
      return { secret, lastsMs: ms };
    },
    async find(secret) {
      if (secret === undefined) return undefined;
      const row = await store.dashboardSession(idOf(secret));
      return row === undefined || row.expires_ms <= host.nowMs() ? undefined : open(row, secret);
    },
    end: ({ id }) => store.deleteDashboardSession(id),
  };
}
