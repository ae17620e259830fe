/** The path of the operators' records. */
export const RECORDS_PATH = "/instances";
/** Everything below is for operators. */
export const OPERATOR_PATH = "/operator";
/** Where Prometheus reads, with the operators' login. */
export const METRICS_PATH = "/metrics";
/** Below it are pages for browsers, with a login of their own. */
export const DASHBOARD_PATH = "/dashboard";
/** Whether the process lives; anybody may ask. */
export const LIVE_PATH = "/health/live";
/** Whether it can serve requests; anybody may ask. */
export const READY_PATH = "/health/ready";
/** Where the backup manager speaks like anynines'; the operators' records are at the first. */
export const BACKUP_PATHS = [RECORDS_PATH, "/v1/instances"] as const;
