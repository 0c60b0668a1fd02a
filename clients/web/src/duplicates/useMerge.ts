import { useMutation } from "@tanstack/react-query";
import type { Contact } from "mailboxes-client";

import { nameOf } from "../contacts/people";
import { useClient } from "../shared/client";
import { notifyDone } from "../shared/notify";
import { useContactsChanged } from "../shared/queries";
import { texts } from "../texts";

/** Makes one contact of several, of which the first is kept, and offers to take that back. */
export function useMerge() {
  const client = useClient();
  const changed = useContactsChanged();
  const undo = useMutation({
    mutationFn: (mergeId: string) => client.undoMerge(mergeId),
    onSuccess: async () => {
      notifyDone(texts.duplicates.undone);
      await changed();
    },
  });
  return useMutation({
    mutationFn: (contacts: readonly Contact[]) => client.mergeContacts(contacts.map(({ id }) => id)),
    onSuccess: async ({ contact, mergeId }) => {
      notifyDone(texts.duplicates.merged(nameOf(contact)), () => {
        undo.mutate(mergeId);
      });
      await changed();
    },
  });
}
