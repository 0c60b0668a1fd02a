/** Add a mailbox, or change one: address, then how to log in, then what to do with it. */

import { Modal } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import type { Mailbox, Suggestion } from "mailboxes-client";
import { useState } from "react";

import { texts } from "../texts";
import { AddressStep } from "./AddressStep";
import { ConnectedStep } from "./ConnectedStep";
import { DetailsStep } from "./DetailsStep";
import { draftFor, draftOf, foreignServerOf } from "./draft";
import { OAuthStep } from "./OAuthStep";

interface MailboxFormProps {
  /** The mailbox to change; without it, one is added. */
  readonly mailbox?: Mailbox;
  readonly onClose: () => void;
}

type Step =
  | { readonly name: "address" }
  | { readonly name: "oauth" | "password"; readonly address: string; readonly suggestion: Suggestion }
  | { readonly name: "edit"; readonly mailbox: Mailbox }
  | { readonly name: "connected"; readonly mailbox: Mailbox };

export function MailboxForm({ mailbox, onClose }: MailboxFormProps) {
  const [step, setStep] = useState<Step>(mailbox ? { name: "edit", mailbox } : { name: "address" });
  const isNarrow = useMediaQuery("(max-width: 40em)");
  return (
    <Modal
      opened
      onClose={onClose}
      size={520}
      fullScreen={isNarrow}
      title={titleOf(step)}
      closeOnClickOutside={false}
      closeButtonProps={{ "aria-label": texts.common.close }}
    >
      <StepOf step={step} onStep={setStep} onClose={onClose} />
    </Modal>
  );
}

function titleOf(step: Step): string {
  if (step.name === "edit") return texts.form.editTitle(step.mailbox.label);
  return step.name === "connected" ? texts.connected.title(step.mailbox.label) : texts.form.addTitle;
}

interface StepProps {
  readonly step: Step;
  readonly onStep: (step: Step) => void;
  readonly onClose: () => void;
}

function StepOf({ step, onStep, onClose }: StepProps) {
  const onConnected = (mailbox: Mailbox) => {
    onStep({ name: "connected", mailbox });
  };
  switch (step.name) {
    case "address":
      return (
        <AddressStep
          onCancel={onClose}
          onDone={(address, suggestion) => {
            onStep({ name: suggestion.oauthProvider ? "oauth" : "password", address, suggestion });
          }}
        />
      );
    case "oauth":
      return (
        <OAuthStep
          address={step.address}
          suggestion={step.suggestion}
          onPassword={() => {
            onStep({ ...step, name: "password" });
          }}
          onConnected={onConnected}
        />
      );
    case "password":
      return (
        <DetailsStep
          initial={draftFor(step.address, step.suggestion)}
          suggestion={step.suggestion}
          foreign={foreignServerOf(step.address, step.suggestion)}
          onBack={() => {
            onStep({ name: "address" });
          }}
          onOauth={() => {
            onStep({ ...step, name: "oauth" });
          }}
          onSaved={onConnected}
        />
      );
    case "edit":
      return (
        <DetailsStep
          initial={draftOf(step.mailbox)}
          mailbox={step.mailbox}
          onBack={onClose}
          onSaved={onClose}
        />
      );
    case "connected":
      return <ConnectedStep mailbox={step.mailbox} onClose={onClose} />;
  }
}
