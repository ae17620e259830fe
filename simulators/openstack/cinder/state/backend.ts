/** The one back end of this cloud. */
export const HOST = "ref@fake#fake";
/** Its name, by which volume types ask for it as `volume_backend_name`. */
export const BACKEND = "fake";
