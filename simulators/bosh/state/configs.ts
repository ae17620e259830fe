/** One row of the configs: each upload of new content adds one. */
export interface Config {
  readonly id: number;
  readonly type: string;
  readonly name: string;
  readonly content: string;
  readonly createdMs: number;
  readonly team: string | null;
  deleted: boolean;
}
