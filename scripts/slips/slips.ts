import { BOSH_SLIPS } from "./bosh.ts";
import { CORE_SLIPS } from "./core.ts";
import { NEUTRON_DESIGNATE_SLIPS } from "./neutron-designate.ts";
import type { Slip } from "./slip.ts";

/** Every slip, by the area that it is planted in. */
export const SLIPS: readonly Slip[] = [...BOSH_SLIPS, ...CORE_SLIPS, ...NEUTRON_DESIGNATE_SLIPS];
