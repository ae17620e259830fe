export const PEERING_ROUTES = [];
