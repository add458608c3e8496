import { useQuery } from "@tanstack/react-query";
import { Unplug } from "lucide-react";
import styles from "./BrokerNote.module.css";
import { brokerQuery } from "./queries";

/** Why nothing starts although jobs wait: the broker that tells the workers of them does not answer. */
export function BrokerNote({ waiting }: { waiting: boolean }) {
  const problem = useQuery({ ...brokerQuery, enabled: waiting }).data;
  if (!waiting || !problem) return null;
  return (
    <p className={styles.note} role="alert">
      <Unplug aria-hidden />
      {problem}
    </p>
  );
}
