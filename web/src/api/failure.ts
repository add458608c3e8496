import type { ErrorDocument } from "./model";

type Refusal = Omit<ErrorDocument, "hint"> & { hint?: string | null };

/** An answer the server refused with, or a connection that broke: one sentence to show, sometimes a hint. */
export class Failure extends Error {
  readonly code: string;
  readonly hint: string | null;
  readonly status: number;

  constructor(document: Refusal, status: number) {
    super(document.message);
    this.code = document.code;
    this.hint = document.hint ?? null;
    this.status = status;
  }
}

export function failureFrom(body: unknown, status: number): Failure {
  const document = (body as { error?: Partial<ErrorDocument> } | null)?.error;
  if (document?.message) return new Failure({ code: document.code ?? "unknown", message: document.message, hint: document.hint }, status);
  return new Failure({ code: `http.${status}`, message: `The server answered ${status}.` }, status);
}

export function offline(): Failure {
  return new Failure({ code: "network.unreachable", message: "The server does not answer.", hint: "Is it still running?" }, 0);
}

export function messageOf(error: unknown): string {
  if (error instanceof Failure) return error.hint ? `${error.message} ${error.hint}` : error.message;
  return error instanceof Error ? error.message : String(error);
}
