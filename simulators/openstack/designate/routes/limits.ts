import { json } from "../../../kernel/index.ts";
import type { OpenStackRoute } from "../../service.ts";
import { quotasOf } from "../state/quotas.ts";
import type { Designate } from "../state/state.ts";
import { LIMIT_MAX } from "../wire/lists.ts";
import { projectOf } from "../wire/request.ts";

const NAME_LENGTH_MAX = 255;

/** `/v2/limits`: the limits of the caller's project. */
export const limitRoutes = (designate: Designate): readonly OpenStackRoute[] => [
  {
    method: "GET",
    path: "/v2/limits",
    handler: (context) => {
      const quotas = quotasOf(designate, projectOf(context));
      return json(200, {
        max_zones: quotas.zones,
        max_zone_recordsets: quotas.zone_recordsets,
        max_zone_records: quotas.zone_records,
        max_recordset_records: quotas.recordset_records,
        min_ttl: null,
        max_zone_name_length: NAME_LENGTH_MAX,
        max_recordset_name_length: NAME_LENGTH_MAX,
        max_page_limit: LIMIT_MAX,
      });
    },
  },
];
