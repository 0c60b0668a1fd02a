/** The state of the form: what is typed, what is wrong with it, what a test has shown. */

import { useMutation } from "@tanstack/react-query";
import { type Mailbox, MailboxesError, type TestFailed, type TestResult } from "mailboxes-client";
import { type ChangeEvent, type RefObject, useEffect, useRef, useState } from "react";

import { useClient } from "../shared/client";
import { notifyDone, sentenceOf } from "../shared/notify";
import { useMailboxesChanged } from "../shared/queries";
import { texts } from "../texts";
import {
  bodyOf,
  connectionOf,
  type Draft,
  type Field,
  type FieldErrors,
  type ForeignServer,
  goesElsewhere,
  goesTo,
  mistakesIn,
} from "./draft";

type Failure = Pick<TestFailed, "error"> & Partial<Pick<TestFailed, "remedy" | "retryAfter">>;
export type Details = ReturnType<typeof useDetails>;

const STANDARD_PORTS: Readonly<Record<string, string>> = { "993": "143", "143": "993" };

export function useDetails(
  initial: Draft,
  mailbox: Mailbox | undefined,
  foreign: ForeignServer | undefined,
  onSaved: (mailbox: Mailbox) => void,
) {
  const client = useClient();
  const changed = useMailboxesChanged();
  const [draft, setDraft] = useState(initial);
  const [errors, setErrors] = useState<FieldErrors>({});
  const [failure, setFailure] = useState<Failure>();
  const [works, setWorks] = useState(false);
  const [id] = useState(() => mailbox?.id ?? crypto.randomUUID()); // chosen here: a repeated save adds nothing
  const inputs = useRef(new Map<Field, HTMLInputElement>());
  const needsPassword = mailbox?.auth !== "oauth" && goesElsewhere(draft, mailbox);
  useFocusOnFirst(errors, inputs);
  useEffect(() => {
    if (!mailbox) inputs.current.get("password")?.focus(); // the step before had the focus, and is gone
  }, [mailbox]);

  function change(changes: Partial<Draft>) {
    setDraft((before) => ({ ...before, ...changes }));
    setErrors((before) =>
      Object.fromEntries(Object.entries(before).filter(([field]) => !(field in changes))),
    );
    setFailure(undefined);
    setWorks(false);
  }
  function refOf(field: Field) {
    return (input: HTMLInputElement | null) => {
      if (input) inputs.current.set(field, input);
      else inputs.current.delete(field);
    };
  }
  function isComplete(): boolean {
    const mistakes = mistakesIn(draft, needsPassword, foreign);
    setErrors(mistakes);
    return Object.keys(mistakes).length === 0;
  }
  function show(result: TestResult): boolean {
    setWorks(result.ok);
    setFailure(result.ok ? undefined : result);
    setErrors(result.ok ? {} : errorsOf(result));
    return result.ok;
  }
  function refuse(error: unknown) {
    setFailure({ error: sentenceOf(error) });
    if (error instanceof MailboxesError) setErrors(error.fields);
  }

  const test = useMutation({
    mutationFn: () => client.testDraft(connectionOf(draft, mailbox)),
    onSuccess: show,
    onError: refuse,
    meta: { shownInPlace: true },
  });
  const save = useMutation({
    mutationFn: async (tested: boolean) => {
      const isOauth = mailbox?.auth === "oauth";
      if (tested && !isOauth && !show(await client.testDraft(connectionOf(draft, mailbox)))) return undefined;
      const saved = await client.saveMailbox(bodyOf(draft, mailbox, id));
      if (tested && !isOauth) await client.testMailbox(saved.id); // what was a draft's result is now the mailbox's
      return saved;
    },
    onSuccess: async (saved) => {
      if (!saved) return;
      if (mailbox) notifyDone(texts.mailboxes.saved(saved.label));
      await changed();
      onSaved(saved);
    },
    onError: refuse,
    meta: { shownInPlace: true },
  });

  return {
    draft,
    errors,
    failure,
    works,
    needsPassword,
    /** The server that the user has to confirm before the password goes there. */
    foreign: goesTo(draft, foreign) ? foreign : undefined,
    isTesting: test.isPending,
    isSaving: save.isPending,
    test: () => {
      if (isComplete()) test.mutate();
    },
    save: () => {
      if (isComplete()) save.mutate(true);
    },
    saveUntested: () => {
      if (isComplete()) save.mutate(false);
    },
    chooseTls: (tls: boolean) => {
      change({
        tls,
        port: (tls ? "993" : "143") === STANDARD_PORTS[draft.port] ? (tls ? "993" : "143") : draft.port,
      });
    },
    /** What the box needs by which the foreign server is confirmed. */
    confirmation: () => ({
      checked: draft.confirmed,
      error: errors.confirmed,
      ref: refOf("confirmed"),
      onChange: (event: ChangeEvent<HTMLInputElement>) => {
        change({ confirmed: event.currentTarget.checked });
      },
    }),
    /** What a text field of this name needs. */
    text: (field: Exclude<Field, "tls" | "confirmed">) => ({
      name: field,
      value: draft[field],
      error: errors[field],
      "aria-invalid": field in errors, // the library forgets it on password fields
      ref: refOf(field),
      onChange: (event: ChangeEvent<HTMLInputElement>) => {
        change({ [field]: event.currentTarget.value });
      },
    }),
  };
}

/** The likeliest field gets the sentence, the others only the mark that something may be wrong with them. */
function errorsOf(result: TestFailed): FieldErrors {
  const [first, ...others] = result.wrongFields;
  if (first === undefined) return {};
  return { ...Object.fromEntries(others.map((field) => [field, " "])), [first]: result.error };
}

/** Whoever cannot see the marks is led to the first one. */
function useFocusOnFirst(errors: FieldErrors, inputs: RefObject<Map<Field, HTMLInputElement>>) {
  const first = Object.entries(errors).find(([, text]) => text.trim())?.[0];
  useEffect(() => {
    if (first) inputs.current.get(first as Field)?.focus();
  }, [first, errors, inputs]);
}
