import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { LogOut } from "lucide-react";
import { type ReactNode, useEffect } from "react";
import { sessionQuery } from "../app/queries";
import { useAccount, useMay } from "../app/useSession";
import { Button } from "../controls/Button";
import { WebhooksSection } from "../webhooks/WebhooksSection";
import { AccountsSection } from "./AccountsSection";
import { KeysSection } from "./KeysSection";
import { signOut } from "./queries";
import { SessionsSection } from "./SessionsSection";
import styles from "./SettingsPage.module.css";
import { TokensSection } from "./TokensSection";

export function SettingsPage() {
  const account = useAccount();
  const may = useMay();
  const version = useQuery(sessionQuery).data?.version;
  const client = useQueryClient();
  const router = useRouter();
  const leaving = useMutation({
    mutationFn: signOut,
    onSuccess: async () => {
      client.clear();
      await router.navigate({ to: "/login" });
    },
  });
  useEffect(() => {
    document.title = "Settings · Cutroom";
  }, []);
  return (
    <div className={styles.page}>
      <header className={styles.bar}>
        <h1>Settings</h1>
        <span className={styles.version}>Cutroom {version}</span>
      </header>
      <div className={styles.scroller}>
        <div className={styles.sections}>
          <Section title="You" about={`${account?.name ?? ""}, ${account?.role ?? ""}`}>
            <div>
              <Button icon={<LogOut />} onClick={() => leaving.mutate()} disabled={leaving.isPending}>
                Sign out
              </Button>
            </div>
          </Section>
          <SessionsSection />
          <TokensSection />
          {may.administer && <AccountsSection />}
          {may.administer && <WebhooksSection />}
          <KeysSection />
        </div>
      </div>
    </div>
  );
}

export function Section({ title, about, children }: { title: string; about: string; children: ReactNode }) {
  return (
    <section className={styles.section} aria-label={title}>
      <div>
        <h2>{title}</h2>
        <p className={styles.about}>{about}</p>
      </div>
      <div className={styles.body}>{children}</div>
    </section>
  );
}
