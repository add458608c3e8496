import createClient from "openapi-fetch";
import { Failure, failureFrom, offline } from "./failure";
import type { paths } from "./generated/schema";

export const client = createClient<paths>({
  baseUrl: "",
  // Looked up at each call, so that tests and service workers may replace it.
  fetch: (request) => globalThis.fetch(request),
});

interface Answer<Data> {
  data?: Data;
  error?: unknown;
  response: Response;
}

/** The body of an answer, or a Failure that says in one sentence why there is none. */
export async function unwrap<Data>(call: Promise<Answer<Data>>): Promise<Data> {
  let answer: Answer<Data>;
  try {
    answer = await call;
  } catch (error) {
    // A query that nobody waits for any more is aborted; everything else fetch throws is a broken connection.
    if (error instanceof Failure || (error instanceof DOMException && error.name === "AbortError")) throw error;
    throw offline();
  }
  if (!answer.response.ok) throw failureFrom(answer.error, answer.response.status);
  return answer.data as Data;
}
