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
      <FormComponent
        schema={schema}
        uiSchema={ui}
        formData={this._value}
        validator={validator}
        translator={translator}
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
    );
  }

  private readonly _options: IFormOptions;
  private readonly _changed = new Signal<this, ReadonlyJSONObject>(this);
  private _value: ReadonlyJSONObject;
  private _isChecked = false;
}
