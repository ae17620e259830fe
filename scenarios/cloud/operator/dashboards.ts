import Type from "typebox";
import type { Backend } from "../../../conformance/index.ts";
import type { World } from "../../../simulators/world.ts";
import { BROKER_PORT } from "../../../simulators/addresses.ts";
import { parseAs } from "../../clients/answers.ts";
import { osbClient } from "../../clients/osb.ts";
import type { RunningBroker } from "../brokers.ts";
import type { FakePlatform } from "../platform/platform.ts";
import { fieldOf, FormBrowser, type Shown } from "./browser.ts";

const Spaces = Type.Object({
  instances: Type.Array(Type.Object({ id: Type.String(), context: Type.Record(Type.String(), Type.Unknown()) })),
});

/** Who opens dashboards: the platform's user without any role, who gets the one of the space in question. */
const MANAGER = "developer";

interface Opened {
  readonly browser: FormBrowser;
  readonly page: Shown;
}

/** Dashboards as a manager of instances sees them, and the end of the manager's role, by the names in the suites' plans. */
export function dashboardHooks(
  world: World,
  broker: RunningBroker,
  platform: FakePlatform,
): Required<Pick<Backend, "faults" | "looks">> {
  const environment = world.environmentAt(world.plan.applications);
  // By its address, under which a broker's dashboards are found without the cloud's DNS.
  const origin = `http://${broker.ip}:${BROKER_PORT}`;
  const urlOf = (id: string): string => `${origin}/dashboard/${id}`;

  /** Lets the manager manage the space that an instance was ordered for, and returns the space. */
  const grantFor = async (id: string): Promise<string> => {
    const answer = await osbClient(environment, { ...broker, ...broker.operator }).send("GET", "/instances");
    const all = answer.kind === "unknown" ? [] : parseAs(Spaces, answer.body, "GET /instances").instances;
    const space = String(all.find((each) => each.id === id)?.context.space_guid ?? "");
    platform.accounts.grant(MANAGER, space);
    return space;
  };

  const pages = new Map<string, Opened>();
  const openPage = async (id: string): Promise<Opened> => {
    await grantFor(id);
    const browser = new FormBrowser(environment);
    const asked = await browser.open(urlOf(id));
    const password = platform.accounts.users.get(MANAGER)?.password ?? "";
    const login = { username: MANAGER, password, next: fieldOf(asked, "next") };
    const opened = { browser, page: await browser.submit(`${platform.url}/login.do`, login) };
    pages.set(id, opened);
    return opened;
  };

  return {
    looks: {
      "dashboard-session": async (id) => [`Cookie: ${(await openPage(id)).browser.cookies(origin)}`],
      "dashboard-requests": async (id) => {
        const { page } = pages.get(id) ?? (await openPage(id));
        return [`POST ${urlOf(id)}/backups form_token=${encodeURIComponent(fieldOf(page, "form_token"))}`];
      },
    },
    faults: {
      "role-removed": async (id) => {
        const space = await grantFor(id);
        platform.accounts.revoke(MANAGER, space);
        return async () => platform.accounts.grant(MANAGER, space);
      },
    },
  };
}
