import { BOOLEAN, objectSchema, schemaRequiring, TEXT } from "./schema-parts.ts";

const NAMED = objectSchema({ id: TEXT, name: TEXT });

/** The value of `auth` in POST /v3/auth/tokens, as Keystone 22 publishes it: it says nothing of application credentials. */
export const AUTH = schemaRequiring(
  {
    identity: schemaRequiring(
      {
        methods: { type: "array", items: TEXT },
        password: objectSchema({
          user: objectSchema({ id: TEXT, name: TEXT, password: TEXT, domain: NAMED }),
        }),
        token: schemaRequiring({ id: TEXT }, ["id"]),
      },
      ["methods"],
    ),
    scope: {
      type: ["object", "string"],
      properties: {
        project: objectSchema({ name: TEXT, id: TEXT, domain: NAMED }),
        domain: NAMED,
        "OS-TRUST:trust": objectSchema({ id: TEXT }),
        system: objectSchema({ all: BOOLEAN }),
      },
    },
  },
  ["identity"],
);
