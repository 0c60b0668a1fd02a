/** The user's mailboxes: how they are, and what can be done with each. */

import { Button, Stack } from "@mantine/core";
import type { Mailbox } from "mailboxes-client";
import { useState } from "react";

import { Icon } from "../shared/icons";
import { useMailboxes, useSchedules } from "../shared/queries";
import { Section } from "../shared/Section";
import { Empty, Failed, Loading } from "../shared/states";
import { texts } from "../texts";
import { DeleteMailbox } from "./DeleteMailbox";
import { History } from "./History";
import { MailboxCard, type MailboxDialog } from "./MailboxCard";
import { MailboxForm } from "./MailboxForm";
import { ScheduleForm } from "./ScheduleForm";

type Open = { readonly dialog: MailboxDialog; readonly mailbox: Mailbox } | { readonly dialog: "add" };

export function MailboxesTab({ onShowContacts }: { readonly onShowContacts: () => void }) {
  const mailboxes = useMailboxes();
  const schedules = useSchedules();
  const [open, setOpen] = useState<Open | undefined>();
  const add = (
    <Button
      leftSection={<Icon name="Plus" />}
      onClick={() => {
        setOpen({ dialog: "add" });
      }}
    >
      {texts.mailboxes.add}
    </Button>
  );

  return (
    <Section
      title={texts.mailboxes.title}
      lead={texts.mailboxes.lead}
      actions={mailboxes.data?.length ? add : undefined}
    >
      {mailboxes.isPending && <Loading rows={2} />}
      {mailboxes.isError && <Failed error={mailboxes.error} onRetry={() => void mailboxes.refetch()} />}
      {mailboxes.data?.length === 0 && (
        <Empty icon="Inbox" title={texts.mailboxes.emptyTitle} text={texts.mailboxes.empty}>
          {add}
        </Empty>
      )}
      <Stack gap="md">
        {mailboxes.data?.map((mailbox) => (
          <MailboxCard
            key={mailbox.id}
            mailbox={mailbox}
            schedule={schedules.data?.find((one) => one.mailboxId === mailbox.id)}
            onOpen={(dialog) => {
              setOpen({ dialog, mailbox });
            }}
            onShowContacts={onShowContacts}
          />
        ))}
      </Stack>
      {open && (
        <Dialog
          open={open}
          onClose={() => {
            setOpen(undefined);
          }}
        />
      )}
    </Section>
  );
}

function Dialog({ open, onClose }: { readonly open: Open; readonly onClose: () => void }) {
  const schedules = useSchedules();
  switch (open.dialog) {
    case "add":
      return <MailboxForm onClose={onClose} />;
    case "edit":
      return <MailboxForm mailbox={open.mailbox} onClose={onClose} />;
    case "delete":
      return <DeleteMailbox mailbox={open.mailbox} onClose={onClose} />;
    case "schedule": {
      const schedule = schedules.data?.find((one) => one.mailboxId === open.mailbox.id);
      return <ScheduleForm mailbox={open.mailbox} schedule={schedule} onClose={onClose} />;
    }
    case "history":
      return <History mailbox={open.mailbox} onClose={onClose} />;
  }
}
