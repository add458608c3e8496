import { useQuery } from "@tanstack/react-query";
import type { Account } from "../api/model";
import { sessionQuery } from "./queries";

/** Who is signed in; the routes that use this are reached only by somebody who is. */
export function useAccount(): Account | null {
  return useQuery(sessionQuery).data?.account ?? null;
}

export function useMay(): { edit: boolean; administer: boolean } {
  const role = useAccount()?.role;
  return { edit: role === "editor" || role === "administrator", administer: role === "administrator" };
}
