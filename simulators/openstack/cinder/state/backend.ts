/** The one back end of this cloud. */
export const HOST = "ref@fake#fake";
/** Its name, as volume types ask for it by `volume_backend_name`. */
export const BACKEND = "fake";
