/** The page that the gateway serves: a token, a head with the way of it to look, and the component. */

import { useSyncExternalStore, useCallback, useState } from "react";

import { GmailIntegrations, type Tab } from "../GmailIntegrations";
import { PageHeader } from "./PageHeader";
import { forgetToken, keepToken, takeToken } from "./token";
import { TokenForm } from "./TokenForm";

const TABS: readonly string[] = ["mailboxes", "contacts", "skipped", "duplicates", "groups"];
const nonce = document.querySelector<HTMLStyleElement>("#nonce")?.nonce ?? "";

export function Page() {
  const [token, setToken] = useState(takeToken);
  const [refused, setRefused] = useState(false);
  const tab = useTab();

  const leave = useCallback((because: "refused" | "wish") => {
    forgetToken();
    setRefused(because === "refused");
    setToken("");
  }, []);
  const getToken = useCallback(() => token, [token]);
  const onUnauthenticated = useCallback(() => {
    leave("refused");
  }, [leave]);

  if (!token) {
    return (
      <TokenForm
        nonce={nonce}
        refused={refused}
        onToken={(entered) => {
          keepToken(entered);
          setToken(entered);
        }}
      />
    );
  }
  return (
    <GmailIntegrations
      getToken={getToken}
      onUnauthenticated={onUnauthenticated}
      styleNonce={nonce}
      tab={tab}
      onTabChange={(next) => {
        location.hash = next;
      }}
      header={
        <PageHeader
          onLeave={() => {
            leave("wish");
          }}
        />
      }
    />
  );
}

/** The open tab is in the address, so that it survives a reload and the browser's buttons work. */
function useTab(): Tab {
  const hash = useSyncExternalStore(onHashChange, () => location.hash.slice(1));
  return TABS.includes(hash) ? (hash as Tab) : "mailboxes";
}

function onHashChange(changed: () => void): () => void {
  addEventListener("hashchange", changed);
  return () => {
    removeEventListener("hashchange", changed);
  };
}
