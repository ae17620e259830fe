/** The engine's name for itself, wherever a client asks. */
export const SERVER_NAME = "drydock";
/** The full name, for people. */
export const ENGINE_NAME = "Drydock's engine for the Redis protocol";
/** The version of Redis that the commands follow, which clients check before they use one. */
export const VERSION = "7.0.0";
