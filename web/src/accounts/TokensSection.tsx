import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { messageOf } from "../api/failure";
import { toast } from "../app/toasts";
import { Button } from "../controls/Button";
import { Field } from "../controls/Field";
import { Secret } from "../controls/Secret";
import { ago } from "../time/when";
import { createToken, deleteToken, tokensQuery } from "./queries";
import { Section } from "./SettingsPage";
import styles from "./SettingsPage.module.css";

export function TokensSection() {
  const client = useQueryClient();
  const tokens = useQuery(tokensQuery);
  const [name, setName] = useState("");
  const again = () => client.invalidateQueries({ queryKey: ["tokens"] });
  const creating = useMutation({
    mutationFn: () => createToken(name.trim()),
    onSuccess: () => {
      setName("");
      return again();
    },
  });
  const deleting = useMutation({ mutationFn: deleteToken, onSuccess: again, onError: (error) => toast("bad", messageOf(error)) });
  return (
    <Section title="API tokens" about="For scripts: send one as “Authorization: Bearer …”. It may do what you may do.">
      {creating.data && <Secret about="Copy it now: only its fingerprint is kept." secret={creating.data.secret} />}
      <table className={styles.table}>
        <tbody>
          {tokens.data?.items.map((token) => (
            <tr key={token.id}>
              <td>{token.name}</td>
              <td className={styles.dim}>{token.last_used_at ? `Used ${ago(token.last_used_at)}` : "Never used"}</td>
              <td>
                <Button look="quiet" onClick={() => deleting.mutate(token.id)}>
                  Revoke
                </Button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <form
        className={styles.row}
        onSubmit={(event) => {
          event.preventDefault();
          creating.mutate();
        }}
      >
        <Field
          label="Name of a new token"
          placeholder="Night batch"
          value={name}
          onChange={(event) => setName(event.target.value)}
          problem={creating.isError ? messageOf(creating.error) : null}
        />
        <Button type="submit" disabled={!name.trim() || creating.isPending}>
          Create
        </Button>
      </form>
    </Section>
  );
}
