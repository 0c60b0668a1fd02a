import { Button, Menu } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import type { ContactQuery, Download, ExportQuery } from "mailboxes-client";

import { useClient } from "../shared/client";
import { Icon } from "../shared/icons";
import { notifyDone } from "../shared/notify";
import { texts } from "../texts";

type Format = ExportQuery["format"];

/** Downloads the contacts that are shown. A link would do, but could not send the token. */
export function ExportMenu({ query }: { readonly query: ContactQuery }) {
  const client = useClient();
  const download = useMutation({
    mutationFn: (format: Format) => client.exportContacts({ ...filterOf(query), format }),
    onSuccess: (file) => {
      store(file);
      notifyDone(texts.contacts.exported(file.name));
    },
  });
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button
          variant="default"
          loading={download.isPending}
          leftSection={<Icon name="Download" size={16} />}
          rightSection={<Icon name="ChevronDown" size={14} />}
        >
          {texts.contacts.export}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {(Object.keys(texts.contacts.formats) as Format[]).map((format) => (
          <Menu.Item
            key={format}
            onClick={() => {
              download.mutate(format);
            }}
          >
            {texts.contacts.formats[format]}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

/** A file has an order of its own. */
function filterOf({ q, kind, mailbox, group }: ContactQuery): Omit<ExportQuery, "format"> {
  return { ...(q && { q }), ...(kind && { kind }), ...(mailbox && { mailbox }), ...(group && { group }) };
}

function store({ name, data }: Download): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(data);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
