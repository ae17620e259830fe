/** A binding that load made. */
interface LoadBinding {
  readonly id: string;
  readonly instance: LoadInstance;
}

/** An instance that load made. It is leased to one operation at a time, as a platform does it. */
export interface LoadInstance {
  readonly id: string;
  isBusy: boolean;
  readonly bindings: LoadBinding[];
}

/** How many instances are tried at random before all are looked at. */
const TRIES = 16;

/** The instances and bindings that exist, as far as their platform knows. */
export class Population {
  readonly instances: LoadInstance[] = [];
  readonly #draw: () => number;
  readonly #prefix: string;
  #ids = 0;

  /** @param prefix of eight hexadecimal digits, the first of each id */
  constructor(prefix: string, draw: () => number) {
    this.#prefix = prefix;
    this.#draw = draw;
  }

  /** An id that was not used before, in the form of a GUID. */
  newId(): string {
    return `${this.#prefix}-0000-4000-8000-${(++this.#ids).toString(16).padStart(12, "0")}`;
  }

  /** Adds an instance, leased to whoever makes it. */
  add(): LoadInstance {
    const instance: LoadInstance = { id: this.newId(), isBusy: true, bindings: [] };
    this.instances.push(instance);
    return instance;
  }

  /** Forgets an instance. */
  remove(instance: LoadInstance): void {
    const at = this.instances.indexOf(instance);
    const last = this.instances.pop();
    if (last !== undefined && at < this.instances.length) this.instances[at] = last;
  }

  /** Leases an idle instance that fits; undefined if there is none. */
  lease(fits: (instance: LoadInstance) => boolean): LoadInstance | undefined {
    const isFree = (each: LoadInstance | undefined): each is LoadInstance =>
      each !== undefined && !each.isBusy && fits(each);
    const start = Math.floor(this.#draw() * this.instances.length);
    let found: LoadInstance | undefined;
    for (let at = 0; at < TRIES && found === undefined; at++) {
      const tried = this.instances[Math.floor(this.#draw() * this.instances.length)];
      if (isFree(tried)) found = tried;
    }
    for (let at = 0; at < this.instances.length && found === undefined; at++) {
      const tried = this.instances[(start + at) % this.instances.length];
      if (isFree(tried)) found = tried;
    }
    if (found !== undefined) found.isBusy = true;
    return found;
  }
}
