/** Put contacts into a group: choose, see what would happen, do it. */

import { Autocomplete, Button, Group, Modal, Stack } from "@mantine/core";
import { useDebouncedValue, useMediaQuery } from "@mantine/hooks";
import { keepPreviousData, useMutation, useQuery } from "@tanstack/react-query";
import type { ImportBody } from "mailboxes-client";
import { type SyntheticEvent, useState } from "react";

import { useClient } from "../shared/client";
import { notifyDone } from "../shared/notify";
import { keys, useContactsChanged, useGroups } from "../shared/queries";
import { texts } from "../texts";
import { ImportPreview } from "./ImportPreview";
import { FIRST_SELECTION, type Selection, SelectionFields } from "./SelectionFields";

interface ImportFormProps {
  /** Ids chosen one by one; without them, the form asks whom to import. */
  readonly chosen?: string[];
  /** The name of the group to import into at first. */
  readonly group?: string | undefined;
  readonly onClose: (done: boolean) => void;
}

export function ImportForm({ chosen, group = "", onClose }: ImportFormProps) {
  const client = useClient();
  const changed = useContactsChanged();
  const groups = useGroups();
  const isNarrow = useMediaQuery("(max-width: 40em)");
  const [name, setName] = useState(group);
  const [missing, setMissing] = useState(false);
  const [selection, setSelection] = useState<Selection>(FIRST_SELECTION);
  const body: ImportBody = { groupName: name.trim(), selection: chosen ? { ids: chosen } : selection };
  const preview = usePreview(body);
  const submit = useMutation({
    mutationFn: () => client.importContacts(body),
    onSuccess: async (result) => {
      onClose(true);
      notifyDone(texts.import.done(name.trim(), result.added));
      await changed();
    },
  });
  const news = (preview.data?.added ?? 0) + (preview.data?.updated ?? 0);

  return (
    <Modal
      opened
      onClose={() => {
        onClose(false);
      }}
      size={560}
      fullScreen={isNarrow}
      title={chosen ? texts.import.titleChosen(chosen.length) : texts.import.title}
      closeButtonProps={{ "aria-label": texts.common.close }}
    >
      <form
        noValidate
        onSubmit={(event: SyntheticEvent) => {
          event.preventDefault();
          setMissing(!name.trim());
          if (name.trim()) submit.mutate();
        }}
      >
        <Stack gap="lg">
          <Autocomplete
            data-autofocus
            openOnFocus={false}
            label={texts.import.group}
            description={texts.import.groupHint}
            maxLength={100}
            data={groups.data?.map((one) => one.name) ?? []}
            value={name}
            error={missing && texts.form.required}
            onChange={(next) => {
              setName(next);
              setMissing(false);
            }}
          />
          {!chosen && <SelectionFields selection={selection} onChange={setSelection} />}
          <ImportPreview result={preview.data} error={preview.error} isCounting={preview.isFetching} />
          <Group justify="flex-end" gap="sm">
            <Button
              variant="default"
              onClick={() => {
                onClose(false);
              }}
            >
              {texts.common.cancel}
            </Button>
            <Button type="submit" loading={submit.isPending} disabled={preview.isSuccess && news === 0}>
              {texts.import.submit(news)}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

/** What the import would do. A name that is not typed yet stands for a group that is new. */
function usePreview(body: ImportBody) {
  const client = useClient();
  const wanted = { ...body, groupName: body.groupName || texts.groups.create, dryRun: true };
  const [settled] = useDebouncedValue(JSON.stringify(wanted), 250);
  return useQuery({
    queryKey: [...keys.contacts, "import", settled],
    queryFn: ({ signal }) => client.importContacts(JSON.parse(settled) as ImportBody, signal),
    placeholderData: keepPreviousData,
    staleTime: 0,
  });
}
