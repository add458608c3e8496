import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { messageOf } from "../api/failure";
import { toast } from "../app/toasts";
import { Button } from "../controls/Button";
import { ago, exactly } from "../time/when";
import { endSession, sessionsQuery } from "./queries";
import { Section } from "./SettingsPage";
import styles from "./SettingsPage.module.css";

/** "Chrome on Linux": enough to know one's own browsers apart. */
function browserName(agent: string | null): string {
  if (!agent) return "Unknown browser";
  const browser = [
    ["Edg/", "Edge"],
    ["Firefox/", "Firefox"],
    ["Chrome/", "Chrome"],
    ["Safari/", "Safari"],
  ].find(([mark]) => agent.includes(mark as string))?.[1];
  const system = ["Windows", "Android", "iPhone", "iPad", "Mac OS X", "Linux"].find((name) => agent.includes(name));
  return browser ? [browser, system && `on ${system}`].filter(Boolean).join(" ") : agent.slice(0, 40);
}

export function SessionsSection() {
  const client = useQueryClient();
  const sessions = useQuery(sessionsQuery);
  const ending = useMutation({
    mutationFn: endSession,
    onSuccess: () => client.invalidateQueries({ queryKey: ["sessions"] }),
    onError: (error) => toast("bad", messageOf(error)),
  });
  return (
    <Section title="Sessions" about="Browsers that are signed in as you. End one that is not yours.">
      {sessions.isError && <p className={styles.problem}>{messageOf(sessions.error)}</p>}
      <table className={styles.table}>
        <thead>
          <tr>
            <th>Browser</th>
            <th>Signed in</th>
            <th>Last seen</th>
            <td />
          </tr>
        </thead>
        <tbody>
          {sessions.data?.items.map((session) => (
            <tr key={session.id}>
              <td title={session.user_agent ?? undefined}>{browserName(session.user_agent)}</td>
              <td className={styles.dim} title={exactly(session.created_at)}>
                {ago(session.created_at)}
              </td>
              <td className={styles.dim} title={exactly(session.last_seen_at)}>
                {ago(session.last_seen_at)}
              </td>
              <td>
                {session.current ? (
                  <span className={styles.dim}>This one</span>
                ) : (
                  <Button look="quiet" onClick={() => ending.mutate(session.id)}>
                    End
                  </Button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}
