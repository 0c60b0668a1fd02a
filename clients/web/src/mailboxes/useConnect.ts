import { useState } from "react";

import { useService } from "../shared/client";
import { sentenceOf } from "../shared/notify";
import { useMailboxesChanged } from "../shared/queries";
import { texts } from "../texts";
import { connectIn, openPopup } from "./popup";

interface Wish {
  readonly provider: string;
  readonly loginHint?: string;
  readonly mailboxId?: string;
}

/** Connects an account in a popup; `error` is why it did not work the last time. */
export function useConnect(onConnected: (mailboxId: string) => void) {
  const { client, origin } = useService();
  const changed = useMailboxesChanged();
  const [isWaiting, setWaiting] = useState(false);
  const [error, setError] = useState<string>();

  async function connect(wish: Wish) {
    const popup = openPopup();
    setError(popup ? undefined : texts.form.oauthBlocked);
    if (!popup) return;
    setWaiting(true);
    try {
      const result = await connectIn({ client, origin, popup, ...wish });
      await changed(); // also after a window that only looks closed
      if (result.ok) onConnected(result.mailboxId);
      else setError("closed" in result ? texts.form.oauthClosed : result.error);
    } catch (failure) {
      setError(sentenceOf(failure));
    } finally {
      setWaiting(false);
    }
  }

  return {
    isWaiting,
    error,
    connect: (wish: Wish) => {
      void connect(wish);
    },
  };
}
