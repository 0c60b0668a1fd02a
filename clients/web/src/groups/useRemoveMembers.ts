import { useMutation } from "@tanstack/react-query";
import type { Group } from "mailboxes-client";

import { useClient } from "../shared/client";
import { notifyDone } from "../shared/notify";
import { useContactsChanged } from "../shared/queries";
import { texts } from "../texts";

interface Removal {
  readonly group: Group;
  readonly ids: string[];
}

/** Takes contacts out of a group, and offers to put them back. */
export function useRemoveMembers() {
  const client = useClient();
  const changed = useContactsChanged();
  const putBack = useMutation({
    mutationFn: ({ group, ids }: Removal) => client.importContacts({ groupId: group.id, selection: { ids } }),
    onSuccess: changed,
  });
  return useMutation({
    mutationFn: ({ group, ids }: Removal) => client.removeMembers(group.id, ids),
    onSuccess: async (_group, removal) => {
      notifyDone(texts.groups.removed(removal.ids.length, removal.group.name), () => {
        putBack.mutate(removal);
      });
      await changed();
    },
  });
}
