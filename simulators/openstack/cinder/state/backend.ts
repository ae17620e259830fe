/** The one back end of this cloud. */
export const HOST = "ref@fake#fake";
export const BACKEND = "fake";
