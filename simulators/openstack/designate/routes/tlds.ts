import { json } from "../../../kernel/index.ts";
import { Refusal } from "../../common/refusal.ts";
import type { Context, OpenStackRoute } from "../../common/service.ts";
import { isoMicros } from "../../common/time.ts";
import { bodyOf, description } from "../wire/fields.ts";
import { listReply } from "../wire/lists.ts";
import { bad, base, broken, type Designate, forbidden, idIn, invalidValue, type TldRow } from "../state.ts";

/*
 * Top level domains. As soon as an administrator has named one, zones must lie below one of them.
 */

const NAME = /^(?!.{255,})(?:(?!-)[A-Za-z0-9_-]{1,63}(?<!-))(?:\.(?:(?!-)[A-Za-z0-9_-]{1,63}(?<!-)))*$/;
const MEMBERS = ["name", "description"];

const view = (context: Context, row: TldRow): object => ({
  id: row.id,
  name: row.name,
  description: row.description,
  created_at: isoMicros(row.createdMs),
  updated_at: row.updatedMs === null ? null : isoMicros(row.updatedMs),
  links: { self: `${base(context)}/tlds/${row.id}` },
});

function nameOf(value: unknown): string {
  const name = String(value);
  if (!NAME.test(name)) throw invalidValue(`Domain ${name} is invalid`);
  return name;
}

/** @throws Refusal 400: the zone is below none of the domains that are allowed, or is one of them */
export function checkTld({ slot }: Designate, zoneName: string): void {
  const names = [...slot.value.tlds.values()].map(({ name }) => name.toLowerCase());
  if (names.length === 0) return;
  const zone = zoneName.toLowerCase().replace(/\.$/, "");
  if (names.includes(zone)) throw bad("invalid_zone_name", "Zone name cannot be the same as a TLD");
  if (!names.some((name) => zone.endsWith(`.${name}`))) throw bad("invalid_tld", "Invalid TLD");
}

export function tldRoutes(designate: Designate): readonly OpenStackRoute[] {
  const all = (): Map<string, TldRow> => designate.slot.value.tlds;
  const checkFree = (name: string, but?: TldRow): void => {
    if ([...all().values()].some((row) => row !== but && row.name === name))
      throw new Refusal(409, "duplicate_tld", "Duplicate Tld");
  };
  const find = (context: Context): TldRow => {
    const row = all().get(idIn(context, "tld_id"));
    if (row === undefined) throw new Refusal(404, "tld_not_found", "Could not find Tld");
    return row;
  };
  const route = (method: string, path: string, handler: OpenStackRoute["handler"]): OpenStackRoute => ({
    method,
    path,
    handler: (context) => {
      if (!context.actor.isAdmin) throw forbidden();
      return handler(context);
    },
  });
  return [
    route("GET", "/v2/tlds", (context) =>
      listReply(context, {
        member: "tlds",
        path: "/tlds",
        rows: [...all().values()],
        view: (row) => view(context, row),
        keys: { name: ({ name }) => name, description: (row) => row.description, id: ({ id }) => id },
      }),
    ),
    route("POST", "/v2/tlds", (context) => {
      const body = bodyOf(context, "tld", MEMBERS);
      if (body.name === undefined) throw broken(["tld", "name"], "'name' is a required property", "required", "name");
      const name = nameOf(body.name);
      checkFree(name);
      const row: TldRow = {
        id: designate.cloud.uuid("designate"),
        name,
        description: description(body.description ?? null),
        createdMs: designate.cloud.kernel.nowMs,
        updatedMs: null,
      };
      all().set(row.id, row);
      designate.cloud.kernel.record("designate", "tld.create", row.id, { name });
      return json(201, view(context, row), { Location: `${base(context)}/tlds/${row.id}` });
    }),
    route("GET", "/v2/tlds/:tld_id", (context) => json(200, view(context, find(context)))),
    route("PATCH", "/v2/tlds/:tld_id", (context) => {
      const row = find(context);
      const body = bodyOf(context, "tld", MEMBERS);
      if (body.name !== undefined) {
        const name = nameOf(body.name);
        checkFree(name, row);
        row.name = name;
      }
      if (body.description !== undefined) row.description = description(body.description);
      row.updatedMs = designate.cloud.kernel.nowMs;
      return json(200, view(context, row));
    }),
    route("DELETE", "/v2/tlds/:tld_id", (context) => {
      const { id } = find(context);
      all().delete(id);
      designate.cloud.kernel.record("designate", "tld.delete", id);
      return { status: 204 };
    }),
  ];
}
