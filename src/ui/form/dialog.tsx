import { Dialog } from '@jupyterlab/apputils';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { Draft } from './draft';
import { Outcome } from './outcome';
import type { IOutcomeLine } from './outcome';

export interface IFormDialogOptions<V extends object, P, R> {
  title: string;
  draft: Draft<V, P, R>;
  /** What the button does: 'Put', 'Delete'. */
  label: string;
  /** Whether something is lost that does not come back. */
  isWarning?: boolean;
  /** The fields, drawn again when the draft changes. */
  fields: (draft: Draft<V, P, R>) => React.ReactNode;
  /** What will happen. */
  lines?: (plan: P) => readonly IOutcomeLine[];
  /** What is said while too little is filled in to tell. */
  before?: string;
  /** Who is asked. */
  who: string;
  trans: TranslationBundle;
}

/**
 * A small form in a dialog, which says what will happen before it happens.
 *
 * It stays open, and says why, until what is filled in could be done; resolves
 * with what came of it, or with null when the user cancels. Disposes of the
 * draft.
 */
export async function showFormDialog<V extends object, P, R>(
  options: IFormDialogOptions<V, P, R>
): Promise<R | null> {
  const dialog = new FormDialog(options);
  await dialog.launch().catch(() => undefined);
  options.draft.dispose();
  return dialog.result;
}

const ACCEPT = 1;

class FormDialog<V extends object, P, R> extends Dialog<unknown> {
  constructor(options: IFormDialogOptions<V, P, R>) {
    const { title, label, draft, trans, isWarning } = options;
    super({
      title,
      body: new Body(options),
      buttons: [
        Dialog.cancelButton({ label: trans.__('Cancel') }),
        isWarning ? Dialog.warnButton({ label }) : Dialog.okButton({ label })
      ],
      // What is lost is lost by one more key than Enter.
      defaultButton: isWarning ? 0 : ACCEPT,
      focusNodeSelector: isWarning
        ? undefined
        : 'input:not(:disabled), select, textarea'
    });
    this.addClass('escape-FormDialog');
    this.node.setAttribute('aria-label', title);
    this._draft = draft;
    this._inside = this.node.querySelector('.jp-Dialog-body');
    draft.changed.connect(this._update, this);
    this._update();
  }

  result: R | null = null;

  resolve(index?: number): void {
    const isEnter = index === undefined;
    if ((isEnter ? ACCEPT : index) !== ACCEPT) {
      super.resolve(index);
      return;
    }
    void this._draft.submit().then(done => {
      if (done) {
        this.result = done.result;
        super.resolve(ACCEPT);
      }
    });
  }

  /** A list of completions and buttons inside the form need their own keys. */
  protected _evtKeydown(event: KeyboardEvent): void {
    const { target, key } = event;
    const isInside =
      target instanceof Element && !!this._inside?.contains(target);
    const isOpen = isInside && target.getAttribute('aria-expanded') === 'true';
    const isPressed =
      isInside && target.matches('button, summary, a') && key !== 'Escape';
    if (
      !(isOpen && (key === 'Enter' || key === 'Escape')) &&
      !(isPressed && key !== 'Tab')
    ) {
      super._evtKeydown(event);
    }
  }

  /** Also Lab's own check, which looks at the inputs alone. */
  protected _checkValidation(): void {
    super._checkValidation();
    this._update();
  }

  private _update(): void {
    const button = this.node.querySelectorAll<HTMLButtonElement>(
      '.jp-Dialog-footer button'
    )[ACCEPT];
    if (button) {
      button.disabled =
        !this._draft.isReady || !!this.node.querySelector(':invalid');
    }
  }

  private readonly _draft: Draft<V, P, R>;
  private readonly _inside: Element | null;
}

class Body<V extends object, P, R> extends ReactWidget {
  constructor(options: IFormDialogOptions<V, P, R>) {
    super();
    this._options = options;
    this.addClass('escape-Form-body');
  }

  protected render(): React.JSX.Element {
    return <View {...this._options} />;
  }

  private readonly _options: IFormDialogOptions<V, P, R>;
}

function View<V extends object, P, R>(
  props: IFormDialogOptions<V, P, R>
): React.JSX.Element {
  const { draft } = props;
  useDraft(draft);
  return (
    <>
      <fieldset className="escape-Form-fields" disabled={draft.isBusy}>
        {props.fields(draft)}
      </fieldset>
      <Outcome {...props} lines={props.lines ?? (() => [])} />
    </>
  );
}

/** Draw at once: a field that is drawn later would move the cursor in it. */
function useDraft<V extends object, P, R>(draft: Draft<V, P, R>): void {
  const [, draw] = React.useReducer((count: number) => count + 1, 0);
  React.useEffect(() => {
    const onChange = () => draw();
    draft.changed.connect(onChange);
    onChange();
    return () => void draft.changed.disconnect(onChange);
  }, [draft]);
}
