import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { sessionQuery } from "../app/queries";

/** Signs in with whatever the page collected, then goes where the person was heading. */
export function useEnter<Input>(enter: (input: Input) => Promise<unknown>, next: string) {
  const client = useQueryClient();
  const router = useRouter();
  return useMutation({
    mutationFn: enter,
    onSuccess: async () => {
      // Nothing fetched as somebody else may outlive the change.
      client.clear();
      await client.fetchQuery(sessionQuery);
      router.history.push(next);
    },
  });
}
