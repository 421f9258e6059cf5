import { FormComponent, ReactWidget } from '@jupyterlab/ui-components';
import type { ITranslator } from '@jupyterlab/translation';
import type { ReadonlyJSONObject } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type { RJSFSchema, UiSchema } from '@rjsf/utils';
import { customizeValidator } from '@rjsf/validator-ajv8';
import * as React from 'react';

export interface IFormOptions {
  /** What is asked for: an object, as a JSON schema. */
  schema: RJSFSchema;
  /** How it is asked for, where that differs from the usual. */
  ui?: UiSchema<ReadonlyJSONObject>;
  value?: ReadonlyJSONObject;
  translator: ITranslator;
}

const validator = customizeValidator<ReadonlyJSONObject>();

/** Lab's template looks for what a value was before it was changed. */
const NO_DEFAULTS = { defaultFormData: {} };

/** A form made from a JSON schema, with Lab's own fields. */
export class Form extends ReactWidget {
  constructor(options: IFormOptions) {
    super();
    this._options = options;
    this._value = options.value ?? {};
    this.addClass('escape-Form');
  }

  /** What was filled in, and defaults of the schema. */
  get value(): ReadonlyJSONObject {
    return this._value;
  }

  /** Whether what was filled in fits the schema. */
  get isValid(): boolean {
    return validator.isValid(
      this._options.schema,
      this._value,
      this._options.schema
    );
  }

  get changed(): ISignal<this, ReadonlyJSONObject> {
    return this._changed;
  }

  /** Show what is wrong, also in fields that were not touched. */
  showErrors(): void {
    this._isChecked = true;
    this.update();
  }

  protected render(): React.JSX.Element {
    const { schema, ui, translator } = this._options;
    return (
      <Labelled>
        <FormComponent
          schema={schema}
          uiSchema={ui}
          formData={this._value}
          validator={validator}
          translator={translator}
          formContext={NO_DEFAULTS}
          showModifiedFromDefault={false}
          liveValidate={this._isChecked}
          noHtml5Validate={true}
          showErrorList={false}
          onChange={event => {
            this._value = event.formData ?? {};
            this._changed.emit(this._value);
            this.update();
          }}
        />
      </Labelled>
    );
  }

  private readonly _options: IFormOptions;
  private readonly _changed = new Signal<this, ReadonlyJSONObject>(this);
  private _value: ReadonlyJSONObject;
  private _isChecked = false;
}

/**
 * Names each field after its heading.
 *
 * Lab's template writes a heading above a field, and no label: a screen reader
 * would say only what kind of field it is.
 */
function Labelled(props: { children: React.ReactNode }): React.JSX.Element {
  const node = React.useRef<HTMLDivElement>(null);
  React.useEffect(() => {
    const { current } = node;
    if (!current) {
      return;
    }
    nameFields(current);
    // Fields come and go with what is filled in.
    const observer = new MutationObserver(() => nameFields(current));
    observer.observe(current, { childList: true, subtree: true });
    return () => observer.disconnect();
  }, []);
  return <div ref={node}>{props.children}</div>;
}

function nameFields(form: HTMLElement): void {
  for (const group of form.querySelectorAll('.jp-FormGroup-content')) {
    const heading = group.querySelector(':scope > .jp-FormGroup-fieldLabel');
    const field = group.querySelector(
      ':scope > .jp-inputFieldWrapper :is(input, select, textarea)'
    );
    if (heading?.textContent) {
      field?.setAttribute('aria-label', heading.textContent);
    }
  }
}
