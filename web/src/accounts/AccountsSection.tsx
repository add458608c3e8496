import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { messageOf } from "../api/failure";
import type { Role } from "../api/model";
import { toast } from "../app/toasts";
import { useAccount } from "../app/useSession";
import { Button } from "../controls/Button";
import { Field, Select } from "../controls/Field";
import { Secret } from "../controls/Secret";
import { accountsQuery, changeAccount, createAccount } from "./queries";
import { Section } from "./SettingsPage";
import styles from "./SettingsPage.module.css";

const roles = [
  ["viewer", "Viewer"],
  ["editor", "Editor"],
  ["administrator", "Administrator"],
] as const;

export function AccountsSection() {
  const me = useAccount();
  const client = useQueryClient();
  const accounts = useQuery(accountsQuery);
  const changing = useMutation({
    mutationFn: ({ id, ...part }: { id: string; role?: Role; disabled?: boolean }) => changeAccount(id, part),
    onSuccess: () => client.invalidateQueries({ queryKey: ["accounts"] }),
    onError: (error) => toast("bad", messageOf(error)),
  });
  return (
    <Section title="Accounts" about="Viewers watch, editors add and cut, administrators also see to the server.">
      <table className={styles.table}>
        <tbody>
          {accounts.data?.items.map((account) => (
            <tr key={account.id}>
              <td className={account.disabled_at ? styles.dim : ""}>
                {account.name}
                {account.disabled_at ? " (disabled)" : ""}
              </td>
              <td>
                <Select
                  label={`Role of ${account.name}`}
                  options={roles}
                  value={account.role}
                  disabled={account.id === me?.id}
                  onChange={(event) => changing.mutate({ id: account.id, role: event.target.value as Role })}
                />
              </td>
              <td>
                {account.id === me?.id ? (
                  <span className={styles.dim}>You</span>
                ) : (
                  <Button look="quiet" onClick={() => changing.mutate({ id: account.id, disabled: !account.disabled_at })}>
                    {account.disabled_at ? "Enable" : "Disable"}
                  </Button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <NewAccount />
    </Section>
  );
}

function NewAccount() {
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [role, setRole] = useState<Role>("editor");
  const [link, setLink] = useState<string | null>(null);
  const creating = useMutation({
    mutationFn: () => createAccount(name.trim(), password, role),
    onSuccess: ({ link_token: link }) => {
      setName("");
      setPassword("");
      setLink(link ? `${window.location.origin}/login#${link}` : null);
      toast("ok", "Account created.");
      return client.invalidateQueries({ queryKey: ["accounts"] });
    },
  });
  return (
    <>
      {link && <Secret about="Send this link to them: it signs in once." secret={link} />}
    <form
      className={styles.row}
      onSubmit={(event) => {
        event.preventDefault();
        creating.mutate();
      }}
    >
      <Field
        label="Name"
        autoComplete="off"
        value={name}
        onChange={(event) => setName(event.target.value)}
        problem={creating.isError ? messageOf(creating.error) : null}
      />
      <Field label="Password (or none, for a link)" type="password" autoComplete="new-password" value={password} onChange={(event) => setPassword(event.target.value)} />
      <Select label="Role" options={roles} value={role} onChange={(event) => setRole(event.target.value as Role)} />
      <Button type="submit" disabled={!name.trim() || (password.length > 0 && password.length < 8) || creating.isPending}>
        Add
      </Button>
    </form>
    </>
  );
}
