import { notifications } from "@mantine/notifications";
import type { Mailbox } from "mailboxes-client";
import { useEffect } from "react";

import { useClient } from "../shared/client";
import { notifyDone } from "../shared/notify";
import { useMailboxesChanged } from "../shared/queries";
import { texts } from "../texts";
import { useConnect } from "./useConnect";

/** Connects the account of a mailbox again, and tests it, so that its status is true. */
export function useReconnect(mailbox: Mailbox) {
  const client = useClient();
  const changed = useMailboxesChanged();
  const { connect, error, isWaiting } = useConnect((id) => {
    void client
      .testMailbox(id)
      .then((result) => {
        if (result.ok) notifyDone(texts.mailboxes.testOk(mailbox.label));
      })
      .finally(changed);
  });
  useEffect(() => {
    if (error) notifications.show({ color: "red", title: texts.failed.action, message: error });
  }, [error]);

  return {
    isWaiting,
    start: () => {
      connect({ provider: mailbox.oauthProvider ?? "", loginHint: mailbox.user, mailboxId: mailbox.id });
    },
  };
}
