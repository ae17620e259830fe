/** One line of the director's audit log (`bosh events`). */
export interface AuditEvent {
  readonly id: number;
  readonly parentId: number | null;
  /** Unix seconds. */
  readonly timestamp: number;
  readonly user: string;
  readonly action: string;
  readonly objectType: string;
  readonly objectName: string | null;
  readonly error: string | null;
  readonly task: number | null;
  readonly deployment: string | null;
  readonly instance: string | null;
  readonly context: Readonly<Record<string, unknown>>;
}
