/** Groups of contacts, and imports into them. */

import { Button, Paper } from "@mantine/core";
import type { Group as ContactGroup } from "mailboxes-client";
import { useState } from "react";

import { Icon } from "../shared/icons";
import { useGroups } from "../shared/queries";
import { Section } from "../shared/Section";
import { Empty, Failed, Loading } from "../shared/states";
import { texts } from "../texts";
import { DeleteGroup } from "./DeleteGroup";
import { GroupForm } from "./GroupForm";
import { type GroupDialog, GroupRow } from "./GroupRow";
import { ImportForm } from "./ImportForm";

type Open =
  | { readonly dialog: GroupDialog; readonly group: ContactGroup }
  | { readonly dialog: "create" }
  | { readonly dialog: "import"; readonly group?: ContactGroup };

export function GroupsTab({ onShowMembers }: { readonly onShowMembers: (groupId: string) => void }) {
  const groups = useGroups();
  const [open, setOpen] = useState<Open>();
  const close = () => {
    setOpen(undefined);
  };
  const importing = (
    <Button
      leftSection={<Icon name="Plus" />}
      onClick={() => {
        setOpen({ dialog: "import" });
      }}
    >
      {texts.groups.import}
    </Button>
  );
  const create = (
    <Button
      variant="default"
      onClick={() => {
        setOpen({ dialog: "create" });
      }}
    >
      {texts.groups.create}
    </Button>
  );

  return (
    <Section
      title={texts.groups.title}
      lead={texts.groups.lead}
      actions={
        groups.data && groups.data.length > 0 ? (
          <>
            {create}
            {importing}
          </>
        ) : undefined
      }
    >
      {groups.isPending && <Loading rows={2} />}
      {groups.isError && <Failed error={groups.error} onRetry={() => void groups.refetch()} />}
      {groups.data?.length === 0 && (
        <Empty icon="UsersGroup" title={texts.groups.emptyTitle} text={texts.groups.empty}>
          {importing}
          {create}
        </Empty>
      )}
      {groups.data && groups.data.length > 0 && (
        <Paper className="card">
          {groups.data.map((group) => (
            <GroupRow
              key={group.id}
              group={group}
              onShow={() => {
                onShowMembers(group.id);
              }}
              onOpen={(dialog) => {
                setOpen({ dialog, group });
              }}
            />
          ))}
        </Paper>
      )}
      {open?.dialog === "create" && <GroupForm onClose={close} />}
      {open?.dialog === "rename" && <GroupForm group={open.group} onClose={close} />}
      {open?.dialog === "delete" && <DeleteGroup group={open.group} onClose={close} />}
      {open?.dialog === "import" && <ImportForm group={open.group?.name} onClose={close} />}
    </Section>
  );
}
